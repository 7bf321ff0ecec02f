import { z } from 'zod';
import { dashboardAt, type Incoming } from './notification.ts';

const labelsSchema = z.record(z.string(), z.string()).default({});

/** Alertmanager's webhook, version 4. */
export const webhookSchema = z.object({
  version: z.literal('4'),
  groupKey: z.string().optional(),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupLabels: labelsSchema,
  commonLabels: labelsSchema,
  commonAnnotations: labelsSchema,
  externalURL: z.string().optional(),
  alerts: z
    .array(
      z.object({ status: z.enum(['firing', 'resolved']), labels: labelsSchema, annotations: labelsSchema }),
    )
    .min(1)
    .max(1_000),
});

/** One notification for the group, as Alertmanager means it. */
export function fromWebhook(receiver: string, message: z.infer<typeof webhookSchema>): Incoming {
  const { status, alerts, commonLabels, groupLabels, commonAnnotations, groupKey } = message;
  const first = alerts[0];
  const label = (name: string) => commonLabels[name] ?? groupLabels[name] ?? first?.labels[name] ?? '';
  const alertname = label('alertname') || 'unknown';
  const count = alerts.filter((alert) => alert.status === 'firing').length;
  return {
    channel: 'webhook',
    receiver,
    status,
    alertname,
    service: label('service'),
    severity: label('severity'),
    instances: [
      ...new Set(alerts.flatMap(({ labels }) => (labels.instance === undefined ? [] : [labels.instance]))),
    ],
    title: `[${status === 'firing' ? `FIRING:${count}` : 'RESOLVED'}] ${alertname}`,
    text: commonAnnotations.description ?? commonAnnotations.summary ?? first?.annotations.summary ?? '',
    ...dashboardAt(commonAnnotations.dashboard_url ?? first?.annotations.dashboard_url),
    dedupKey: groupKey?.slice(0, 255),
  };
}
