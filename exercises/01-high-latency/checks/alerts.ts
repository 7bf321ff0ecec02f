// Alerts: the way of one through Prometheus, Alertmanager and the inbox, and its end.
import { measuredCheck } from '../../../lab/exercise/checks.ts';
import type { Check, ExerciseContext, Guard } from '../../../lab/exercise/model.ts';
import { evidenceFrom, slow } from '../telemetry.ts';
import { alertSeconds, resolveSeconds } from './deadlines.ts';

const alertname = 'HighLatency';

const ruleIsLoaded: Guard = {
  what: `healthy alerting rules called ${alertname}`,
  measure: async ({ observe, signal }) =>
    (await observe.prometheus.rules({ signal })).filter(
      (rule) => rule.name === alertname && rule.health === 'ok',
    ).length,
};

/** The dead man's switch always fires: where it does not arrive, the silence of another alert says nothing. */
const alertsFlow: Guard = {
  what: 'Watchdog alerts in Alertmanager',
  measure: async ({ observe, signal }) =>
    (await observe.alertmanager.alerts({ filter: ['alertname="Watchdog"'], signal })).length,
};

const inboxHears: Guard = {
  what: 'heartbeats of the Watchdog in the inbox',
  measure: async ({ observe, signal }) => ((await observe.inbox.watchdog({ signal })).healthy ? 1 : 0),
};

async function firingInstances({ observe, signal }: ExerciseContext): Promise<string[]> {
  const alerts = await observe.prometheus.alerts({ signal });
  return alerts
    .filter((alert) => alert.labels.alertname === alertname && alert.state === 'firing')
    .map((alert) => alert.labels.instance ?? '');
}

/** How many instances are named; zero when the slow one is not among them, because then the alert is about another. */
function onlySlow(instances: readonly string[]): { value: number; note?: string } {
  if (instances.length === 0) return { value: 0 };
  const note = `for ${instances.join(', ')}`;
  return { value: instances.includes(slow) ? instances.length : 0, note };
}

export const nothingFires: Check = measuredCheck({
  id: 'alert-quiet',
  claim: `${alertname} does not fire`,
  pillar: 'alerts',
  query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
  async measure(context) {
    const instances = await firingInstances(context);
    return instances.length === 0 ? 0 : { value: instances.length, note: `for ${instances.join(', ')}` };
  },
  guard: ruleIsLoaded,
  expect: { equals: 0, unit: 'alerts' },
  withinSeconds: resolveSeconds,
  link: ({ observe }) => observe.prometheus.alertsLink(),
  next: 'look at the alert, and at what an earlier break may have left',
});

export const alertForgotten: Check = measuredCheck({
  id: 'alert-forgotten',
  claim: `Alertmanager has no ${alertname}`,
  pillar: 'alerts',
  query: `alertname="${alertname}"`,
  measure: async ({ observe: { alertmanager }, signal }) =>
    (await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal })).length,
  guard: alertsFlow,
  expect: { equals: 0, unit: 'alerts' },
  withinSeconds: resolveSeconds,
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'wait until an earlier break is resolved',
});

export const alertFires: Check = measuredCheck({
  id: 'alert-fires',
  claim: `${alertname} fires in Prometheus, for api-1 alone`,
  pillar: 'alerts',
  query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
  measure: async (context) => onlySlow(await firingInstances(context)),
  guard: ruleIsLoaded,
  expect: { equals: 1, unit: 'alerts' },
  withinSeconds: alertSeconds,
  link: ({ observe: { prometheus } }) => prometheus.alertsLink(),
  next: 'see whether the alert is pending, and for how long it has to be',
});

export const alertRouted: Check = measuredCheck({
  id: 'alert-routed',
  claim: `Alertmanager has ${alertname} active, for api-1 alone`,
  pillar: 'alerts',
  query: `alertname="${alertname}" state=active`,
  async measure({ observe: { alertmanager }, signal }) {
    const alerts = await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal });
    return onlySlow(
      alerts.filter((alert) => alert.status.state === 'active').map((alert) => alert.labels.instance ?? ''),
    );
  },
  guard: alertsFlow,
  expect: { equals: 1, unit: 'alerts' },
  withinSeconds: alertSeconds,
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'see whether the alert is silenced or inhibited',
});

export const alertTold: Check = measuredCheck({
  id: 'alert-told',
  claim: `the inbox was told that ${alertname} fires, for api-1 alone`,
  pillar: 'alerts',
  query: `notifications alertname=${alertname} status=firing`,
  async measure(context) {
    const { inbox } = context.observe;
    const told = await inbox.notifications({
      sinceMs: evidenceFrom(context),
      alertname,
      status: 'firing',
      signal: context.signal,
    });
    return onlySlow([...new Set(told.flatMap((one) => one.instances))]);
  },
  guard: inboxHears,
  expect: { equals: 1, unit: '' },
  withinSeconds: alertSeconds,
  link: ({ observe: { inbox } }) => inbox.link(),
  next: 'follow the alert: Prometheus, Alertmanager, receiver',
});

export const alertResolved: Check = measuredCheck({
  id: 'alert-resolved',
  claim: `the inbox was told that ${alertname} is resolved`,
  pillar: 'alerts',
  query: `notifications alertname=${alertname} status=resolved`,
  async measure(context) {
    const {
      timeline,
      observe: { inbox },
      signal,
    } = context;
    const sinceMs = timeline.fixedAtMs ?? evidenceFrom(context);
    const told = await inbox.notifications({ sinceMs, alertname, status: 'resolved', signal });
    return told.filter((one) => one.instances.includes(slow)).length;
  },
  guard: inboxHears,
  expect: { atLeast: 1, unit: 'notifications' },
  withinSeconds: resolveSeconds,
  link: ({ observe: { inbox } }) => inbox.link(),
  next: 'see whether the alert still fires in Prometheus; Alertmanager tells of its end at the next group interval',
});
