// The life of an alert: it fires, is routed, somebody is told, it resolves and is forgotten. By its labels.
import type { Check, ExerciseContext, Guard, Seconds } from '../../lab/exercise/model/model.ts';
import type { Notification } from '../../lab/observe/inbox-client.ts';
import { evidenceFrom } from './moments.ts';
import { alertSeconds, resolveSeconds } from './windows.ts';

export interface AlertPlan {
  readonly alertname: string;
  /** What the checks call it, where its name would give away which variant is played. */
  readonly called?: { readonly id: string; readonly name: string };
  /** The only instance that the alert may be about. Left out: the alert names no instance. */
  readonly instance?: string;
  /** Until when it has to fire and be told. */
  readonly withinSeconds?: Seconds;
  readonly resolvedWithinSeconds?: Seconds;
}

type Channel = Notification['channel'];
type Counted = { readonly value: number; readonly note?: string };

/** The checks of one alert's life. The IDs begin with the alert's name in kebab case, or with what it is called. */
export function alertLife(plan: AlertPlan) {
  const { alertname, instance } = plan;
  const prefix = plan.called?.id ?? alertname.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const name = plan.called?.name ?? alertname;
  const about = instance === undefined ? '' : `, for ${instance} alone`;
  const withinSeconds = plan.withinSeconds ?? alertSeconds;
  const resolvedWithinSeconds = plan.resolvedWithinSeconds ?? resolveSeconds;

  const ruleIsLoaded: Guard = {
    what: `healthy alerting rules called ${alertname}`,
    measure: async ({ observe, signal }) =>
      (await observe.prometheus.rules({ signal })).filter(
        (rule) => rule.name === alertname && rule.health === 'ok',
      ).length,
  };

  /** How many instances are named; zero when the wanted one is not among them: then the alert is about another. */
  const counted = (instances: readonly string[]): Counted => {
    if (instances.length === 0) return { value: 0 };
    if (instance === undefined) return { value: 1 };
    const unique = [...new Set(instances)];
    return { value: unique.includes(instance) ? unique.length : 0, note: `for ${unique.join(', ')}` };
  };

  const firing = async ({ observe, signal }: ExerciseContext): Promise<string[]> =>
    (await observe.prometheus.alerts({ signal }))
      .filter((alert) => alert.labels.alertname === alertname && alert.state === 'firing')
      .map((alert) => alert.labels.instance ?? '');

  const told = async (
    { observe: { inbox }, signal }: ExerciseContext,
    sinceMs: number,
    status: 'firing' | 'resolved',
    channel?: Channel,
  ): Promise<Notification[]> =>
    inbox.notifications({
      sinceMs,
      alertname,
      status,
      signal,
      ...(channel === undefined ? {} : { channel }),
    });

  const fires: Check = {
    id: `${prefix}-fires`,
    claim: `${name} fires in Prometheus${about}`,
    pillar: 'alerts',
    query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
    measure: async (context) => counted(await firing(context)),
    guard: ruleIsLoaded,
    expect: { equals: 1, unit: 'alerts' },
    withinSeconds,
    link: ({ observe: { prometheus } }) => prometheus.alertsLink(),
    next: 'see whether the alert is pending, and for how long it has to be',
  };

  const routed: Check = {
    id: `${prefix}-routed`,
    claim: `Alertmanager has ${name} active${about}`,
    pillar: 'alerts',
    query: `alertname="${alertname}" state=active`,
    async measure({ observe: { alertmanager }, signal }) {
      const alerts = await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal });
      return counted(
        alerts.filter((alert) => alert.status.state === 'active').map((alert) => alert.labels.instance ?? ''),
      );
    },
    guard: alertsFlow,
    expect: { equals: 1, unit: 'alerts' },
    withinSeconds,
    link: ({ observe: { alertmanager } }) => alertmanager.link(),
    next: 'see whether the alert is silenced or inhibited',
  };

  /** Somebody was told; by this channel, where one is named. */
  const toldBy = (channel?: Channel): Check => ({
    id: `${prefix}-told${channel === undefined ? '' : `-${channel}`}`,
    claim: `the inbox was told${channel === undefined ? '' : ` by ${channelNames[channel]}`} that ${name} fires${about}`,
    pillar: 'alerts',
    query: `notifications alertname=${alertname} status=firing${channel === undefined ? '' : ` channel=${channel}`}`,
    async measure(context) {
      const found = await told(context, evidenceFrom(context), 'firing', channel);
      return instance === undefined
        ? { value: found.length === 0 ? 0 : 1, note: `${found.length} notifications` }
        : counted(found.flatMap((one) => one.instances));
    },
    guard: inboxHears,
    expect: { equals: 1, unit: '' },
    withinSeconds,
    link: ({ observe: { inbox } }) => inbox.link(),
    next: 'follow the alert: Prometheus, Alertmanager, receiver',
  });

  const quiet: Check = {
    id: `${prefix}-quiet`,
    claim: `${name} does not fire`,
    pillar: 'alerts',
    query: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
    async measure(context) {
      const instances = await firing(context);
      return instances.length === 0 ? 0 : { value: instances.length, note: `for ${instances.join(', ')}` };
    },
    guard: ruleIsLoaded,
    expect: { equals: 0, unit: 'alerts' },
    withinSeconds: resolvedWithinSeconds,
    link: ({ observe }) => observe.prometheus.alertsLink(),
    next: 'look at the alert, and at what an earlier break may have left',
  };

  const forgotten: Check = {
    id: `${prefix}-forgotten`,
    claim: `Alertmanager has no ${alertname}`,
    pillar: 'alerts',
    query: `alertname="${alertname}"`,
    measure: async ({ observe: { alertmanager }, signal }) =>
      (await alertmanager.alerts({ filter: [`alertname="${alertname}"`], signal })).length,
    guard: alertsFlow,
    expect: { equals: 0, unit: 'alerts' },
    withinSeconds: resolvedWithinSeconds,
    link: ({ observe: { alertmanager } }) => alertmanager.link(),
    next: 'wait until an earlier break is resolved',
  };

  const resolved: Check = {
    id: `${prefix}-resolved`,
    claim: `the inbox was told that ${name} is resolved`,
    pillar: 'alerts',
    query: `notifications alertname=${alertname} status=resolved`,
    async measure(context) {
      // A repair by hand is noticed later than it is made: what counts is that nothing fired after the end was told.
      const about = (one: Notification): boolean =>
        instance === undefined || one.instances.includes(instance);
      const sinceMs = evidenceFrom(context);
      const [fired, ended] = await Promise.all([
        told(context, sinceMs, 'firing'),
        told(context, sinceMs, 'resolved'),
      ]);
      const lastFired = Math.max(0, ...fired.filter(about).map((one) => Date.parse(one.receivedAt)));
      return ended.filter((one) => about(one) && Date.parse(one.receivedAt) > lastFired).length;
    },
    guard: inboxHears,
    expect: { atLeast: 1, unit: 'notifications' },
    withinSeconds: resolvedWithinSeconds,
    link: ({ observe: { inbox } }) => inbox.link(),
    next: 'see whether the alert still fires in Prometheus; Alertmanager tells of its end at the next group interval',
  };

  return { fires, routed, toldBy, quiet, forgotten, resolved };
}

const channelNames: Readonly<Record<Channel, string>> = {
  slack: 'Slack',
  pagerduty: 'PagerDuty',
  email: 'e-mail',
  webhook: 'webhook',
  phone: 'telephone',
};

/** The dead man's switch always fires: where it does not arrive, the silence of another alert says nothing. */
export const alertsFlow: Guard = {
  what: 'Watchdog alerts in Alertmanager',
  measure: async ({ observe, signal }) =>
    (await observe.alertmanager.alerts({ filter: ['alertname="Watchdog"'], signal })).length,
};

const inboxHears: Guard = {
  what: 'heartbeats of the Watchdog in the inbox',
  measure: async ({ observe, signal }) => ((await observe.inbox.watchdog({ signal })).healthy ? 1 : 0),
};
