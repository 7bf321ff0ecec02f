import { dashboard } from './dashboard.ts';
import { graph, heatmap, stat } from './panels.ts';
import { promql } from './queries.ts';

const inRange = (selector: string) => `sum(increase(${selector}[$__range])) or vector(0)`;

export const business = dashboard({
  uid: 'business',
  description:
    'What people come for: accounts, notes, orders. These fall in outages that no error counter sees.',
  rows: [
    {
      title: 'Within the range',
      panels: [
        stat({
          title: 'New users',
          description: 'Registrations that succeeded.',
          unit: 'short',
          width: 6,
          decimals: 0,
          color: 'blue',
          queries: [promql(inRange('user_registrations_total{status="success"}'))],
        }),
        stat({
          title: 'Notes created',
          description: 'Notes that users wrote.',
          unit: 'short',
          width: 6,
          decimals: 0,
          color: 'blue',
          queries: [promql(inRange('notes_created_total'))],
        }),
        stat({
          title: 'Orders completed',
          description: 'Orders that were validated, paid and reserved.',
          unit: 'short',
          width: 6,
          decimals: 0,
          color: 'blue',
          queries: [promql(inRange('orders_total{status="completed"}'))],
        }),
        stat({
          title: 'Revenue',
          description: 'What the completed orders were worth.',
          unit: 'currencyUSD',
          width: 6,
          decimals: 0,
          color: 'blue',
          queries: [promql(inRange('order_value_dollars_sum'))],
        }),
      ],
    },
    {
      title: 'Orders',
      panels: [
        graph({
          title: 'Orders by outcome',
          description:
            'Orders a second. Completed ones that fall while requests do not is money lost quietly.',
          unit: 'ops',
          width: 8,
          stacked: true,
          queries: [promql('sum by (status) (rate(orders_total[$__rate_interval]))', '{{status}}')],
        }),
        graph({
          title: 'Share that completes',
          description: 'Completed orders of all that were tried.',
          unit: 'percentunit',
          width: 8,
          max: 1,
          queries: [
            promql(
              'sum(rate(orders_total{status="completed"}[$__rate_interval])) / sum(rate(orders_total[$__rate_interval]))',
              'completed',
            ),
          ],
        }),
        graph({
          title: 'Mean value of an order',
          description: 'Dollars for each completed order.',
          unit: 'currencyUSD',
          width: 8,
          queries: [
            promql(
              'sum(rate(order_value_dollars_sum[$__rate_interval])) / sum(rate(order_value_dollars_count[$__rate_interval]))',
              'mean',
            ),
          ],
        }),
        heatmap({
          title: 'Spread of the order values',
          description: 'How many orders of which size.',
          unit: 'currencyUSD',
          queries: [
            promql('sum by (le) (increase(order_value_dollars_bucket[$__rate_interval]))', '{{le}}', {
              format: 'heatmap',
            }),
          ],
        }),
        graph({
          title: 'Revenue',
          description: 'Dollars a minute from completed orders.',
          unit: 'currencyUSD',
          queries: [promql('sum(rate(order_value_dollars_sum[$__rate_interval])) * 60', 'dollars a minute')],
        }),
      ],
    },
    {
      title: 'Users and notes',
      panels: [
        graph({
          title: 'Registrations',
          description:
            'Attempts a second by source and outcome. NoUserRegistrations warns when none succeeds in spite of traffic.',
          unit: 'ops',
          width: 8,
          queries: [
            promql(
              'sum by (source, status) (rate(user_registrations_total[$__rate_interval]))',
              '{{source}} {{status}}',
            ),
          ],
        }),
        graph({
          title: 'Notes created',
          description:
            'Notes a second, by the role of the author. UnusuallyHighNoteCreation tells of more than 100 a second.',
          unit: 'ops',
          width: 8,
          limit: 100,
          queries: [
            promql('sum by (user_role) (rate(notes_created_total[$__rate_interval]))', '{{user_role}}'),
          ],
        }),
        graph({
          title: 'Notes deleted',
          description: 'Notes a second. Far more than are created: somebody cleans up, or somebody destroys.',
          unit: 'ops',
          width: 8,
          queries: [
            promql('sum by (user_role) (rate(notes_deleted_total[$__rate_interval]))', '{{user_role}}'),
          ],
        }),
      ],
    },
  ],
});
