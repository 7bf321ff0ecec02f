import { dashboard } from './dashboard.ts';
import { graph, stat } from './panels.ts';
import { promql } from './queries.ts';

export const slo = dashboard({
  uid: 'slo',
  description: 'What was promised, what was kept, and how fast the budget for the difference is spent.',
  rows: [
    {
      title: 'Objectives',
      panels: [
        stat({
          title: 'Availability',
          description: 'Requests that did not end in a 5xx, over the whole SLO window. Objective: 99.9 %.',
          unit: 'percentunit',
          width: 6,
          decimals: 3,
          color: 'red',
          steps: [[0.999, 'green']],
          queries: [promql('1 - slo:availability:error_ratio{window="budget"}')],
        }),
        stat({
          title: 'Within 200 ms',
          description: 'Requests answered within 200 ms at the gateway. Objective: 95 %.',
          unit: 'percentunit',
          width: 6,
          decimals: 2,
          color: 'red',
          steps: [[0.95, 'green']],
          queries: [promql('slo:latency:good_ratio')],
        }),
        stat({
          title: 'Authentication',
          description: 'Register and login requests that did not end in a 5xx. Objective: 99.95 %.',
          unit: 'percentunit',
          width: 6,
          decimals: 3,
          color: 'red',
          steps: [[0.9995, 'green']],
          queries: [promql('1 - slo:authentication:error_ratio')],
        }),
        stat({
          title: 'Database p99',
          description: '99 of 100 queries end within this time. Objective: 100 ms.',
          unit: 's',
          width: 6,
          steps: [[0.1, 'red']],
          queries: [promql('slo:database:p99_seconds')],
        }),
      ],
    },
    {
      title: 'Error budget of the availability',
      panels: [
        graph({
          title: 'Budget left',
          description: '1 is untouched, 0 spent, below it overspent: then reliability goes before features.',
          unit: 'percentunit',
          min: -1,
          max: 1,
          queries: [promql('slo:availability:error_budget_remaining', 'budget left')],
        }),
        stat({
          title: 'Spent in',
          description:
            'How long what is left of the budget lasts at the burn rate of the long fast window. No value: nothing burns. Zero: it is spent.',
          unit: 's',
          width: 6,
          decimals: 0,
          none: 'nothing burns',
          color: 'red',
          steps: [
            [600, 'orange'],
            [86400, 'green'],
          ],
          queries: [promql('slo:availability:time_to_exhaustion_seconds')],
        }),
        stat({
          title: 'Compliance',
          description: 'Share of the requests of the whole SLO window that succeeded. Objective: 99.9 %.',
          unit: 'percentunit',
          width: 6,
          decimals: 3,
          color: 'red',
          steps: [[0.999, 'green']],
          queries: [promql('1 - slo:availability:error_ratio{window="budget"}')],
        }),
        graph({
          title: 'Error ratio by window',
          description:
            'Short windows notice and forget fast, long ones are sure. 0.1 % is what the objective allows.',
          unit: 'percentunit',
          limit: 0.001,
          queries: [promql('slo:availability:error_ratio', '{{window}}')],
        }),
        graph({
          title: 'Burn rate, fast windows',
          description:
            '1 spends the budget exactly over the SLO window. SLOBudgetBurnRateFast pages when both lines are above 14.4.',
          unit: 'short',
          limit: 14.4,
          queries: [promql('slo:availability:burn_rate{window=~"fast_.*"}', '{{window}}')],
        }),
        graph({
          title: 'Burn rate, slow windows',
          description: 'A leak rather than a break. SLOBudgetBurnRateSlow warns when both lines are above 6.',
          unit: 'short',
          limit: 6,
          queries: [promql('slo:availability:burn_rate{window=~"slow_.*"}', '{{window}}')],
        }),
      ],
    },
    {
      title: 'The other objectives',
      panels: [
        graph({
          title: 'Within 200 ms',
          description: 'Share of fast enough requests, and the objective.',
          unit: 'percentunit',
          width: 8,
          max: 1,
          queries: [
            promql('slo:latency:good_ratio', 'within 200 ms'),
            promql('slo:latency:objective', 'objective'),
          ],
        }),
        graph({
          title: 'Failures of register and login',
          description: 'The line is what the objective allows, 0.05 %.',
          unit: 'percentunit',
          width: 8,
          limit: 0.0005,
          queries: [promql('slo:authentication:error_ratio', 'error ratio')],
        }),
        graph({
          title: 'Database p99',
          description: 'Time of queries inside PostgreSQL, and the objective.',
          unit: 's',
          width: 8,
          queries: [
            promql('slo:database:p99_seconds', 'p99'),
            promql('slo:database:objective_seconds', 'objective'),
          ],
        }),
      ],
    },
  ],
});
