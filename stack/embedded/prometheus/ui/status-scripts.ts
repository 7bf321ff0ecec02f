/** Lists from the JSON API: the alerts with what they say, rules, targets by pool, and the configuration. */
export const alertsScript = `
const { data } = await api('rules?type=alert');
const order = ['firing', 'pending', 'inactive'];
const rules = data.groups.flatMap((group) => group.rules).sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
say(main, order.map((name) => rules.filter((rule) => rule.state === name).length + ' ' + name).join(', '), 'note');
table(main, ['state', 'alert', 'expression', 'active'], rules.map((rule) => {
  const active = element('div');
  for (const alert of rule.alerts) {
    const line = element('div');
    line.append(element('code', metric(alert.labels)), element('span', ' ' + Number(Number(alert.value).toPrecision(6)) + ', since ' + since(alert.activeAt) + ' UTC. ' + (alert.annotations.summary ?? ''), { className: 'note' }));
    const address = alert.annotations.runbook_url ?? '';
    if (/^https?:/.test(address)) line.append(' ', element('a', 'Runbook', { href: address }));
    active.append(line);
  }
  return [state(rule.state), element('b', rule.name), queryLink(rule.query), active];
}));`;

export const rulesScript = `
const { data } = await api('rules');
for (const group of data.groups) {
  main.append(element('h2', group.name));
  say(main, 'every ' + group.interval + ' s, last in ' + (group.evaluationTime * 1000).toFixed(1) + ' ms', 'note');
  table(main, ['rule', 'expression', 'labels', 'health', 'error'], group.rules.map((rule) => [element('b', rule.name, { className: 'name' }), queryLink(rule.query), Object.keys(rule.labels ?? {}).length ? metric(rule.labels) : '', state(rule.health), rule.lastError ?? '']));
}`;

export const targetsScript = `
const { data } = await api('targets?state=active');
const pools = new Map();
for (const target of data.activeTargets) pools.set(target.scrapePool, [...(pools.get(target.scrapePool) ?? []), target]);
for (const [pool, targets] of pools) {
  main.append(element('h2', pool + ' (' + targets.filter(({ health }) => health === 'up').length + ' of ' + targets.length + ' up)'));
  table(main, ['endpoint', 'state', 'labels', 'last scrape (UTC)', 'took', 'error'], targets.map((target) => [target.scrapeUrl, state(target.health), metric(target.labels), since(target.lastScrape), (target.lastScrapeDuration * 1000).toFixed(1) + ' ms', target.lastError]));
}`;

export const configScript = `
const { data } = await api('status/config');
main.append(element('pre', data.yaml));`;
