import type { Alertmanager } from '../alertmanager.ts';
import { type Alert, createAlert } from '../alerts/alert.ts';
import { ApiError, openApiError, required } from './api-error.ts';
import { bodyError, FieldReader } from './body.ts';
import { jsonKind } from './json.ts';

interface Posted {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly generatorURL: string;
}

/** The unnamed type that Go's decoder names when an alert is no object. */
const postableAlert =
  'struct { Annotations models.LabelSet "json:\\"annotations,omitempty\\""; EndsAt strfmt.DateTime "json:\\"endsAt,omitempty\\""; StartsAt strfmt.DateTime "json:\\"startsAt,omitempty\\"" }';

/** Takes the alerts of a request: the valid ones are kept even when others are refused. */
export function postAlerts(manager: Alertmanager, body: unknown) {
  const posted = decode(body);
  const { metrics, clock } = manager;
  const now = clock.now();
  const resolveTimeout = Number(manager.config.global.resolve_timeout ?? 300_000);
  const valid: Alert[] = [];
  const errors: string[] = [];
  for (const item of posted) {
    const timeout = item.endsAt === 0;
    const startsAt = item.startsAt !== 0 ? item.startsAt : timeout ? now : item.endsAt;
    const endsAt = timeout ? now + resolveTimeout : item.endsAt;
    metrics.received.inc({ status: endsAt > now ? 'firing' : 'resolved', version: 'v2' });
    const labels = withoutEmpty(item.labels);
    const problem = validate(labels, item.annotations, startsAt, endsAt);
    if (problem !== undefined) {
      errors.push(problem);
      metrics.invalid.inc({ version: 'v2' });
      continue;
    }
    valid.push(
      createAlert({
        ...item,
        labels,
        annotations: withoutEmpty(item.annotations),
        startsAt,
        endsAt,
        updatedAt: now,
        timeout,
      }),
    );
  }
  manager.alerts.put(valid);
  metrics.written.inc({ subscriber: 'dispatcher' }, valid.length);
  metrics.limited.set(manager.alerts.dropped);
  if (errors.length > 0) throw new ApiError(400, errors.join('\n'));
}

function decode(body: unknown): Posted[] {
  if (body === null) return [];
  if (!Array.isArray(body))
    throw bodyError(
      'alerts',
      `json: cannot unmarshal ${jsonKind(body)} into Go value of type models.PostableAlerts`,
    );
  const decoded = body.map((item: unknown) => {
    if (item === null) return undefined;
    if (typeof item !== 'object' || Array.isArray(item))
      throw bodyError(
        'alerts',
        `json: cannot unmarshal ${jsonKind(item)} into Go value of type ${postableAlert}`,
      );
    const outer = new FieldReader(item as Record<string, unknown>, 'alerts', '');
    const inner = new FieldReader(item as Record<string, unknown>, 'alerts', 'Alert');
    return {
      annotations: outer.labels('annotations', '') ?? Object.create(null),
      endsAt: outer.time('endsAt'),
      startsAt: outer.time('startsAt'),
      generatorURL: inner.uri('generatorURL') ?? '',
      labels: inner.labels('labels', 'Alert'),
    };
  });
  decoded.forEach((item, index) => {
    if (item === undefined) return;
    if (item.generatorURL !== '' && !isRequestUri(item.generatorURL))
      throw openApiError(
        601,
        `${index}.generatorURL in body must be of type uri: ${JSON.stringify(item.generatorURL)}`,
      );
    if (item.labels === undefined) throw required(`${index}.labels`);
  });
  return decoded.filter((item) => item !== undefined) as Posted[];
}

/** Go's url.ParseRequestURI: an absolute URL or an absolute path. */
function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  if (/[\x00-\x1f\x7f]/.test(text)) return false;
  if (text.startsWith('/')) return true;
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:./.test(text) && !/^[^:]*:\/\/[^/]*[ ]/.test(text);
}

function withoutEmpty(labels: Record<string, string>): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(labels)) if (value !== '') result[name] = value;
  return result;
}

function validate(
  labels: Record<string, string>,
  annotations: Record<string, string>,
  startsAt: number,
  endsAt: number,
): string | undefined {
  if (endsAt < startsAt) return 'start time must be before end time';
  if (Object.keys(labels).length === 0) return 'at least one label pair required';
  if (Object.hasOwn(labels, '')) return 'invalid label set: invalid name ""';
  if (Object.hasOwn(annotations, '')) return 'invalid annotations: invalid name ""';
  return undefined;
}
