// The routes: one incident, one page, and nothing lost.
import type { ConfigFile } from '../../lab/configuration/config-file.ts';
import type {
  Check,
  ExerciseContext,
  FileTask,
  Invariant,
  Judgement,
} from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import type { FaultSpec } from '../../lab/faults/fault.ts';
import type { AlertGroup } from '../../lab/observe/alertmanager-client.ts';
import type { Notification } from '../../lab/observe/inbox-client.ts';
import type { Pace } from '../../stack/pace.ts';
import { alertsFlow } from '../kit/alert-life.ts';
import { accepted, rejected } from '../kit/answers.ts';
import { alertSeconds } from '../kit/windows.ts';
import { pagesIn, routesFile, sinceThen } from './telemetry.ts';

const file: ConfigFile = routesFile;
const shippedGrouping = '  group_by: [alertname, service]';
/** Every alert by itself. */
export const noGrouping = "  group_by: ['...']";
const shippedInhibition = `inhibit_rules:
  # While a service is on fire, what is less than critical says nothing new.
  - source_matchers: [severity = "critical"]
    target_matchers: [severity =~ "high|warning"]
    equal: [service]
  # An instance that is down has no latency to speak of.
  - source_matchers: [alertname = "ServiceDown"]
    target_matchers: [alertname = "HighLatency"]
    equal: [instance]
`;
const noInhibition = 'inhibit_rules: []\n';

export const everyAlertByItself: FaultSpec = faultSpec('config-overlay', {
  target: file.component,
  params: {
    edits: {
      [file.path]: [
        { find: shippedGrouping, put: noGrouping },
        { find: shippedInhibition, put: noInhibition },
      ],
    },
  },
});
export const databaseGone: FaultSpec = faultSpec('stop', { target: 'postgres-primary' });

/** The cause speaks for what follows from it. */
const causeFirst = `inhibit_rules:
  - source_matchers: [alertname = "DatabaseDown"]
    target_matchers: [alertname != "DatabaseDown", severity =~ "critical|high|warning"]
`;
export const goodRoutes = (current: string): string =>
  current.replace(noGrouping, shippedGrouping).replace(noInhibition, causeFirst);

const mostPages = 2;
const watchdog = 'Watchdog';

/** Pages that a person saw: one for each dedup key. */
const distinct = (pages: readonly Notification[]): number =>
  new Set(pages.map(({ dedupKey, id }) => dedupKey ?? id)).size;

/** How long the detour from an alert to its page may take at the most. */
const settle = (pace: Pace): number => pace.groupWaitSeconds + pace.groupIntervalSeconds + 6;

/** A team's own channel: it gets copies of what others are told, and nobody is paged by it. */
const isTeamChannel = ({ name }: AlertGroup['receiver']): boolean => name.startsWith('team-');

/** The alerts of these groups, each once: several routes may take the same one. */
const alertsOf = (groups: readonly AlertGroup[]): AlertGroup['alerts'] => [
  ...new Map(
    groups.flatMap(({ alerts }) => alerts.map((one) => [JSON.stringify(one.labels), one] as const)),
  ).values(),
];

const isActive = ({ status }: AlertGroup['alerts'][number]): boolean => status.state === 'active';

/**
 * Whether a message tells of this group. What it names, all its alerts have in common; it names nothing where they
 * differ, and they may differ by one that has just ended, which a group no longer lists.
 */
export function tellsOf(
  message: Pick<Notification, 'alertname' | 'service' | 'severity'>,
  group: Pick<AlertGroup, 'alerts'>,
): boolean {
  const alerts = group.alerts.filter(isActive);
  return (['alertname', 'service', 'severity'] as const).every((name) => {
    const named = message[name] === 'unknown' ? '' : message[name];
    return named === '' || alerts.every(({ labels }) => labels[name] === named);
  });
}

/**
 * A drill: every alert that fires is sent once more, with a label of its own, so that people have to be told anew
 * whatever they were told before. What they get in the next seconds is what the routes are worth.
 */
async function judge(context: ExerciseContext): Promise<Judgement> {
  const {
    observe: { alertmanager, inbox },
    clock,
    pace,
    signal,
  } = context;
  const firing = (
    await alertmanager.alerts({ filter: [`alertname!="${watchdog}"`, 'drill=""'], signal })
  ).map(({ labels, annotations }) => ({ labels, annotations }));
  if (firing.length < 4)
    return rejected(`only ${firing.length} alerts fire: wait until the incident is in full swing`);
  const fromMs = clock.now();
  const drill = `drill-${Math.round(fromMs).toString(36)}`;
  const send = (endsAtMs: number): Promise<void> =>
    alertmanager.send(
      firing.map(({ labels, annotations }) => ({
        labels: { ...labels, drill },
        annotations,
        endsAt: new Date(endsAtMs).toISOString(),
      })),
      { signal },
    );
  await send(fromMs + 2000 * settle(pace));
  let groups: AlertGroup[];
  try {
    await clock.sleep(1000 * settle(pace), signal);
    groups = (await alertmanager.groups({ signal })).filter(({ alerts }) =>
      alerts.some(({ labels }) => labels.drill === drill),
    );
  } finally {
    await send(clock.now());
  }
  const told = (
    await inbox.notifications({ sinceMs: fromMs, status: 'firing', limit: 10_000, signal })
  ).filter(({ alertname }) => alertname !== watchdog);
  return verdictOn(groups, told);
}

function verdictOn(groups: readonly AlertGroup[], told: readonly Notification[]): Judgement {
  const alerts = alertsOf(groups);
  const silenced = alerts.find(({ status }) => status.silencedBy.length > 0);
  if (silenced !== undefined)
    return rejected(`${silenced.labels.alertname} is silenced: that hides it from everybody`);
  const pages = distinct(told.filter(({ channel }) => channel === 'pagerduty'));
  if (pages === 0) return rejected('in a drill nobody was paged, and the database is gone');
  const lost = groups.filter(
    (group) => group.alerts.some(isActive) && !told.some((one) => tellsOf(one, group)),
  );
  if (lost.length > 0) {
    const names = new Set(
      lost.flatMap((group) => group.alerts.filter(isActive).map(({ labels }) => labels.alertname)),
    );
    return rejected(`in a drill nobody was told of ${[...names].join(', ')}`);
  }
  if (pages > mostPages)
    return rejected(`in a drill one incident made ${pages} pages; at most ${mostPages} are wanted`);
  const held = alerts.filter(({ status }) => status.inhibitedBy.length > 0).length;
  return accepted(
    `in a drill ${alerts.length} alerts made ${pages === 1 ? 'one page' : `${pages} pages`}; ${held} were held back by another, and none was lost`,
  );
}

export const writeRoutes: FileTask = {
  kind: 'file',
  id: 'write-routes',
  prompt: `Edit alertmanager.yml: the lost database is one incident, so that it should make one page, or ${mostPages} at the most. No alert may be lost: each is told, or held back by one that is. Apply it, then ask whether it is right.`,
  hints: [
    'group_by decides which alerts share a message; inhibit_rules which alert holds others back.',
    "['...'] groups by every label, so that each alert is a message of its own. What do the alerts of this incident have in common, and which of them is the cause?",
    'inhibit_rules: source_matchers [alertname = "DatabaseDown"], target_matchers [alertname != "DatabaseDown", severity =~ "critical|high|warning"].',
  ],
  file,
  verify: judge,
  judgedWithinSeconds: (pace) => settle(pace) + 30,
  solution: goodRoutes,
  how: 'group by alert and service, and let DatabaseDown hold back what follows from it',
  alsoRight: [
    {
      how: 'one message for all that fires',
      content: (current) => current.replace(noGrouping, '  group_by: []'),
    },
    {
      how: 'what is critical is one message, warnings are held back by it',
      content: (current) =>
        current.replace(noGrouping, '  group_by: [severity]').replace(noInhibition, shippedInhibition),
    },
    {
      how: 'by service, and the database holds back what the gateway tells',
      content: (current) =>
        current.replace(noGrouping, '  group_by: [service]').replace(
          noInhibition,
          `inhibit_rules:
  - source_matchers: [service = "postgres", severity = "critical"]
    target_matchers: [service != "postgres", severity =~ "critical|high|warning"]
`,
        ),
    },
  ],
  wrongContents: [
    {
      why: 'it waits for an hour before it tells anybody',
      content: (current) => goodRoutes(current).replace(/^ {2}group_wait: .*$/m, '  group_wait: 1h'),
    },
    {
      why: 'pages go to a receiver that tells nobody',
      content: (current) =>
        goodRoutes(current)
          .replace('receiver: critical\n', 'receiver: nobody\n')
          .replace(/^receivers:\n/m, 'receivers:\n  - name: nobody\n'),
    },
    {
      why: "the dead man's switch, which always fires, holds everything back",
      content: (current) =>
        goodRoutes(current)
          .replace(
            'source_matchers: [alertname = "DatabaseDown"]',
            'source_matchers: [alertname = "Watchdog"]',
          )
          .replace('alertname != "DatabaseDown", ', ''),
    },
  ],
};

const manyPages: Check = {
  id: 'many-pages',
  claim: 'one incident makes at least four pages',
  pillar: 'alerts',
  query: 'notifications channel=pagerduty status=firing, by dedup key',
  measure: async (context) => distinct(await pagesIn(context, sinceThen(context))),
  expect: { atLeast: 4, unit: 'notifications' },
  withinSeconds: (pace) => 2 * alertSeconds(pace) + pace.burnRateFast.shortSeconds,
  link: ({ observe: { inbox } }) => inbox.link(),
  next: 'npm run lab -- inbox',
};

const manyAlerts: Check = {
  id: 'many-alerts',
  claim: 'at least four alerts of the gateway and the database are active at once',
  pillar: 'alerts',
  query: 'service=~"gateway|postgres" state=active',
  async measure({ observe: { alertmanager }, signal }) {
    const alerts = await alertmanager.alerts({ filter: ['service=~"gateway|postgres"'], signal });
    const active = alerts.filter(({ status }) => status.state === 'active');
    const names = [...new Set(active.map(({ labels }) => labels.alertname))];
    return { value: active.length, note: names.join(', ') };
  },
  guard: alertsFlow,
  expect: { atLeast: 4, unit: 'alerts' },
  withinSeconds: (pace) => 2 * alertSeconds(pace) + pace.burnRateFast.shortSeconds,
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'wait: some of them have to hold for a while first',
};

const usersFeelIt: Check = {
  id: 'users-feel-it',
  claim: 'users feel it: over the last rate window more than half of their requests failed',
  pillar: 'traffic',
  query: 'client: answers 5xx and requests without an answer, of all',
  async measure({ ledger, clock, pace }) {
    const toMs = Math.floor(clock.now() / 1000) * 1000;
    const { requests, errors } = ledger.count({ fromMs: toMs - 1000 * pace.rateWindowSeconds, toMs });
    return requests === 0
      ? { value: undefined, note: 'the client sent nothing' }
      : { value: (100 * errors) / requests, note: `${errors} of ${requests} requests` };
  },
  expect: { above: 50, unit: '%' },
  withinSeconds: (pace) => 3 * pace.rateWindowSeconds,
  link: ({ observe }) => observe.prometheus.link('job:http_requests:error_ratio{job="gateway"}'),
  next: 'see what fails: npm run lab -- logs gateway',
};

export const oneIncidentManyPages: readonly Check[] = [manyAlerts, manyPages, usersFeelIt];

const onePage: Check = {
  id: 'one-page',
  claim: `the incident is one page, or ${mostPages} at the most`,
  pillar: 'alerts',
  query: 'groups with an active alert of severity critical or high',
  async measure({ observe: { alertmanager }, signal }) {
    // The copy in a team's own channel is not a second page.
    const groups = (await alertmanager.groups({ signal })).filter(({ receiver }) => !isTeamChannel(receiver));
    const paging = groups.filter(({ alerts }) =>
      alerts.some(
        ({ labels, status }) =>
          status.state === 'active' && ['critical', 'high'].includes(labels.severity ?? ''),
      ),
    );
    return { value: paging.length, note: `of ${alertsOf(groups).length} alerts` };
  },
  guard: alertsFlow,
  expect: { between: [1, mostPages], unit: 'alerts' },
  withinSeconds: settle,
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'look at the groups in Alertmanager, and at what inhibits what',
};

export const oneIncidentOnePage: readonly Check[] = [onePage];

/** A silence hides an alert from everybody; an inhibition only while another one is told. */
export const nothingSilenced: Invariant = {
  id: 'nothing-silenced',
  claim: 'no alert that fires is hidden from everybody',
  pillar: 'alerts',
  query: 'alerts that a silence suppresses',
  async measure({ observe: { alertmanager }, signal }) {
    const alerts = await alertmanager.alerts({ signal });
    if (alerts.length === 0) return { value: undefined, note: 'not even the Watchdog is there' };
    const silenced = alerts.filter(({ status }) => status.silencedBy.length > 0);
    return { value: silenced.length, note: `of ${alerts.length} alerts` };
  },
  expect: { equals: 0, unit: 'alerts' },
  violatedBy: 'silence-alert',
  link: ({ observe: { alertmanager } }) => alertmanager.link(),
  next: 'in Alertmanager, look at Silences',
};
