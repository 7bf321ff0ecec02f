import { graphScript } from './graph.ts';

/**
 * One panel for each `gN.expr` of the address, as Prometheus's own links have them: `gN.tab` is `table` or `graph`
 * (1 or 0 in links of Prometheus 2), `gN.range_input` the range, `gN.end_input` or `gN.moment_input` the end in UTC.
 */
export const queryScript = `${graphScript}
const given = new URLSearchParams(location.search);
const count = Math.max(1, ...[...given.keys()].map((key) => 1 + Number(/^g(\\d{1,2})\\./.exec(key)?.[1] ?? 0)));
const go = (number, changes) => {
  const next = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) next.set('g' + number + '.' + key, value);
  location.search = next;
};
const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400, w: 604800, y: 31536000 };
const rangeSeconds = (text) => {
  const match = /^(\\d+(?:\\.\\d+)?)([smhdwy])$/.exec(text);
  if (match === null || Number(match[1]) === 0) throw new Error(JSON.stringify(text) + ' is no range: write it as 15m, 1h or 2d.');
  return Number(match[1]) * unitSeconds[match[2]];
};
const endSeconds = (text) => {
  if (text === '') return Date.now() / 1000;
  const time = Date.parse(text.replace(' ', 'T') + (/Z$|[+-]\\d\\d:?\\d\\d$/.test(text) ? '' : 'Z'));
  if (Number.isNaN(time)) throw new Error(JSON.stringify(text) + ' is no time: write it as 2026-01-31 12:00:00.');
  return time / 1000;
};
const notes = (node, { warnings = [], infos = [] }) => { for (const note of [...warnings, ...infos]) say(node, note, 'note'); };

const showTable = async (node, expr, end) => {
  const answer = await api('query?' + new URLSearchParams({ query: expr, time: end }));
  notes(node, answer);
  const { resultType, result } = answer.data;
  if (resultType === 'scalar' || resultType === 'string') { table(node, [resultType], [[result[1]]]); return; }
  if (result.length === 0) { say(node, 'Empty result: no series matches now.', 'note'); return; }
  say(node, result.length === 1 ? '1 series' : result.length + ' series', 'note');
  const number = (text) => element('code', text);
  const made = table(node, ['series', 'value'], result.slice(0, 1000).map((row) => [
    metric(row.metric),
    row.value ? number(row.value[1]) : row.histogram ? JSON.stringify(row.histogram[1])
      : (row.values ?? []).map(([time, value]) => value + ' @' + time).join(' '),
  ]));
  if (result.length > 1000) say(node, 'The first 1000 are shown.', 'note');
  if (resultType === 'vector') for (const line of made.tBodies[0].rows) line.cells[1].className = 'number';
};

const showGraph = async (node, expr, range, end) => {
  const ask = async (start) => {
    const step = Math.max(1, Math.floor((end - start) / 250));
    return { start, end, step, answer: await api('query_range?' + new URLSearchParams({ query: expr, start, end, step })) };
  };
  let drawn = await ask(end - range);
  const first = drawn.answer.data.result.reduce((least, { values = [] }) => Math.min(least, values[0]?.[0] ?? end), end);
  // Of a server that has just started, most of the range is empty: what there is fills the picture instead.
  if (first < end && first > end - range / 2) {
    say(node, 'Nothing before ' + since(first * 1000) + ' UTC: the graph begins there.', 'note');
    drawn = await ask(Math.floor(Math.min(first - drawn.step, end - 20)));
  }
  notes(node, drawn.answer);
  drawGraph(node, drawn.answer.data.result, drawn);
};

for (let number = 0; number < count; number++) {
  const of = (key, fallback) => given.get('g' + number + '.' + key) ?? fallback;
  const panel = element('section');
  main.append(panel);
  const expr = of('expr', '').trim();
  const tab = ['graph', '0'].includes(of('tab', 'table')) ? 'graph' : 'table';
  const form = element('form');
  const box = element('input', undefined, { className: 'expr', name: 'expr', value: expr, placeholder: 'Expression', spellcheck: false, ariaLabel: 'Expression' });
  const range = element('input', undefined, { className: 'range', name: 'range', value: of('range_input', '1h'), ariaLabel: 'Range' });
  form.append(box, range, element('button', 'Execute'));
  form.onsubmit = (event) => { event.preventDefault(); go(number, { expr: box.value, range_input: range.value.trim(), tab }); };
  const tabs = element('p', undefined, { className: 'tabs' });
  for (const name of ['table', 'graph']) {
    const next = new URLSearchParams(location.search);
    next.set('g' + number + '.tab', name);
    tabs.append(element('a', name[0].toUpperCase() + name.slice(1), { href: prefix + '/query?' + next, className: name === tab ? 'here' : '' }));
  }
  panel.append(form, tabs);
  if (expr === '') { if (number === 0) box.focus(); continue; }
  try {
    const end = endSeconds(of('end_input', of('moment_input', '')));
    if (tab === 'graph') await showGraph(panel, expr, rangeSeconds(range.value.trim()), end);
    else await showTable(panel, expr, end);
  } catch (error) { say(panel, error.message, 'error'); }
}`;
