import { dashboard } from './dashboard.ts';
import { bars, graph, heatmap, stat } from './panels.ts';
import { promql, users } from './queries.ts';

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
      title: 'What people do',
      panels: [
        bars({
          title: 'From register to order',
          description:
            'How many came how far within the range: registered, wrote a note, had an order completed. A step that shrinks is where people are lost.',
          unit: 'short',
          width: 8,
          height: 8,
          queries: [
            promql(inRange('user_registrations_total{status="success"}'), 'registered', { instant: true }),
            promql(inRange('notes_created_total'), 'notes written', { instant: true }),
            promql(inRange('orders_total{status="completed"}'), 'orders completed', { instant: true }),
          ],
        }),
        bars({
          title: 'Feature usage',
          description: 'Requests by endpoint within the range: what people come for, and what nobody uses.',
          unit: 'short',
          width: 8,
          height: 8,
          queries: [
            promql(
              `sort_desc(sum by (endpoint) (increase(http_requests_total{job="gateway", endpoint=~"/api/.*", ${users}}[$__range])))`,
              '{{endpoint}}',
              { instant: true },
            ),
          ],
        }),
        graph({
          title: 'User activity',
          description: 'Requests a second of each kind of use that succeeded.',
          unit: 'reqps',
          width: 8,
          stacked: true,
          queries: [
            promql(
              `sum by (endpoint) (rate(http_requests_total{job="gateway", endpoint=~"/api/.*", status!~"5..", ${users}}[$__rate_interval]))`,
              '{{endpoint}}',
            ),
          ],
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
