/**
 * Draws range vectors as lines in an SVG, with a legend that follows the pointer. A gap of more than one step, NaN and
 * the infinities end a line: what was not measured is not drawn.
 */
export const graphScript = `
const colors = ['#3b7dd8', '#d9822b', '#2f9e6e', '#c2417c', '#8a63d2', '#a08419', '#159fb0', '#d2493f', '#6b8e23', '#7a7a7a'];
const maxLines = 60;
const svg = (name, attributes, text) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
const short = (value) => {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e15 || size < 1e-6) return value.toExponential(2);
  for (const [factor, unit] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) if (size >= factor) return Number((value / factor).toPrecision(4)) + unit;
  if (size < 1e-3) return Number((value * 1e6).toPrecision(4)) + 'µ';
  if (size < 1) return Number((value * 1e3).toPrecision(4)) + 'm';
  return String(Number(value.toPrecision(5)));
};
/** Round values that divide the axis into about five parts. */
const ticks = (low, high) => {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9 && found.length < 20; index++) found.push(index * step);
  return found;
};
const clock = (seconds, range) => new Date(seconds * 1000).toISOString().slice(...(range > 172800 ? [5, 16] : range > 1800 ? [11, 16] : [11, 19])).replace('T', ' ');

const drawGraph = (node, result, { start, end, step }) => {
  const all = result.map((row, index) => ({
    name: metric(row.metric), color: colors[index % colors.length],
    points: (row.values ?? []).map(([time, value]) => [time, value.endsWith('Inf') ? NaN : Number(value), value]),
  })).filter(({ points }) => points.length > 0);
  if (all.length === 0) { say(node, 'Empty result: no series matches in this range.', 'note'); return; }
  const lines = all.slice(0, maxLines);
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value).filter(Number.isFinite));
  let low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (values.length === 0) [low, high] = [0, 1];
  // Zero belongs to the picture unless all is far from it.
  if (low > 0 && low < (high - low) * 2) low = 0;
  if (low === high) [low, high] = [low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  else high += (high - low) * 0.04;
  const [width, height, left, right, top, bottom] = [1200, 380, 70, 16, 10, 30];
  const x = (time) => left + ((time - start) / (end - start)) * (width - left - right);
  const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const picture = svg('svg', { viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': 'Graph of ' + lines.length + ' series' });
  for (const value of ticks(low, high)) {
    picture.append(svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      svg('text', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
  }
  const minute = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].find((size) => (end - start) / size <= 9) ?? (end - start) / 8;
  for (let time = Math.ceil(start / minute) * minute; time <= end; time += minute) {
    picture.append(svg('line', { class: 'grid', x1: x(time), x2: x(time), y1: top, y2: height - bottom }),
      svg('text', { x: x(time), y: height - 10, 'text-anchor': 'middle' }, clock(time, end - start)));
  }
  for (const { color, points } of lines) {
    let run = [];
    const flush = () => {
      if (run.length === 1) picture.append(svg('circle', { cx: x(run[0][0]), cy: y(run[0][1]), r: 2.2, fill: color }));
      else if (run.length > 1) picture.append(svg('polyline', { stroke: color, points: run.map(([time, value]) => x(time).toFixed(1) + ',' + y(value).toFixed(1)).join(' ') }));
      run = [];
    };
    for (const point of points) {
      if (run.length > 0 && point[0] - run[run.length - 1][0] > step * 1.5) flush();
      if (Number.isFinite(point[1])) run.push(point); else flush();
    }
    flush();
  }
  const cursor = svg('line', { class: 'cursor', x1: 0, x2: 0, y1: top, y2: height - bottom, visibility: 'hidden' });
  picture.append(cursor);
  node.append(picture);
  const when = element('p', '', { className: 'note' });
  node.append(when);
  const legend = table(node, ['series', 'value'], lines.map(({ name, color }) => {
    const cell = element('span');
    const swatch = element('span', undefined, { className: 'swatch' });
    swatch.style.background = color;
    cell.append(swatch, element('code', name));
    return [cell, ''];
  }));
  if (all.length > maxLines) say(node, maxLines + ' of ' + all.length + ' series are shown.', 'note');
  for (const row of legend.tBodies[0].rows) row.cells[1].className = 'number';
  const show = (time) => {
    when.textContent = 'Values at ' + since(time * 1000) + ' UTC, one point every ' + step + ' s';
    lines.forEach(({ points }, index) => {
      const near = points.findLast(([at]) => at <= time + step / 2);
      legend.tBodies[0].rows[index].cells[1].textContent = near !== undefined && time - near[0] <= step * 1.5 ? near[2] : '-';
    });
  };
  show(end);
  picture.onpointermove = (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    if (at < left || at > width - right) return;
    cursor.setAttribute('x1', at); cursor.setAttribute('x2', at); cursor.setAttribute('visibility', 'visible');
    show(start + ((at - left) / (width - left - right)) * (end - start));
  };
  picture.onpointerleave = () => { cursor.setAttribute('visibility', 'hidden'); show(end); };
};
`;
