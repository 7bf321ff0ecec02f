import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { readBody } from '../../http/body.ts';
import type { Annotation, AnnotationStore } from '../annotations/annotation-store.ts';
import type { Authentication } from './authentication.ts';

const time = z.int().min(0).max(8_640_000_000_000_000);

const fields = z.object({
  dashboardUID: z.string().max(200).default(''),
  panelId: z.int().default(0),
  time: time.optional(),
  timeEnd: time.optional(),
  tags: z.array(z.string().max(500)).max(100).nullish(),
  text: z.string().max(50_000).default(''),
  data: z.record(z.string(), z.unknown()).nullish(),
});

/** `/api/annotations`: created, listed, changed and deleted as in Grafana. Answers are its own, errors too. */
export function createAnnotationsApi(
  store: AnnotationStore,
  authentication: Authentication,
  now: () => number = Date.now,
): Router {
  const router = Router();
  const body = readBody({ maxBytes: 256 * 1024 });

  router.get('/', authentication.read, (request, response) => {
    const { searchParams } = new URL(request.originalUrl, 'http://grafana.invalid');
    const number = (name: string): number | undefined => {
      const text = searchParams.get(name);
      return text === null || !/^\d{1,16}$/.test(text) || text === '0' ? undefined : Number(text);
    };
    const found = store.find({
      from: number('from'),
      to: number('to'),
      tags: searchParams.getAll('tags'),
      matchAny: searchParams.get('matchAny') === 'true',
      dashboardUID: searchParams.get('dashboardUID') ?? undefined,
      limit: number('limit') ?? 100,
    });
    response.json(found.map(toJson));
  });

  router.get('/tags', authentication.read, (_request, response) => {
    const counts = new Map<string, number>();
    for (const annotation of store.find({ tags: [], matchAny: false, limit: Number.MAX_SAFE_INTEGER })) {
      for (const tag of annotation.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
    response.json({ result: { tags: [...counts].sort().map(([tag, count]) => ({ tag, count })) } });
  });

  router.post('/', authentication.write, body, (request, response) => {
    const parsed = parse(request, response, fields);
    if (parsed === undefined) return;
    if (parsed.text === '') {
      response
        .status(400)
        .json({ message: 'Failed to save annotation', error: 'text field should not be empty' });
      return;
    }
    const start = parsed.time ?? now();
    const timeEnd = parsed.timeEnd === undefined || parsed.timeEnd === 0 ? start : parsed.timeEnd;
    if (timeEnd < start) {
      response
        .status(400)
        .json({ message: 'Failed to save annotation', error: 'timeEnd must not be before time' });
      return;
    }
    const { id } = store.add(
      {
        dashboardUID: parsed.dashboardUID,
        panelId: parsed.panelId,
        time: start,
        timeEnd,
        tags: parsed.tags ?? [],
        text: parsed.text,
        data: parsed.data ?? {},
      },
      now(),
    );
    response.json({ id, message: 'Annotation added' });
  });

  router.get('/:id', authentication.read, (request, response) => {
    const annotation = store.get(Number(request.params.id));
    if (annotation === undefined) notFound(response);
    else response.json(toJson(annotation));
  });

  for (const method of ['put', 'patch'] as const) {
    router[method]('/:id', authentication.write, body, (request, response) => {
      const id = Number(request.params.id);
      const annotation = store.get(id);
      if (annotation === undefined) {
        notFound(response);
        return;
      }
      const parsed = parse(request, response, fields.partial());
      if (parsed === undefined) return;
      const raw = JSON.parse(String(request.body)) as Record<string, unknown>;
      const change = Object.fromEntries(
        Object.entries(parsed).filter(
          ([key, value]) => Object.hasOwn(raw, key) && value !== undefined && value !== null,
        ),
      ) as Partial<Annotation>;
      const start = change.time ?? annotation.time;
      if ((change.timeEnd ?? Math.max(annotation.timeEnd, start)) < start) {
        response
          .status(400)
          .json({ message: 'Failed to update annotation', error: 'timeEnd must not be before time' });
        return;
      }
      store.change(id, { ...change, timeEnd: change.timeEnd ?? Math.max(annotation.timeEnd, start) }, now());
      response.json({ message: method === 'put' ? 'Annotation updated' : 'Annotation patched' });
    });
  }

  router.delete('/:id', authentication.write, (request: Request, response: Response) => {
    if (store.delete(Number(request.params.id))) response.json({ message: 'Annotation deleted' });
    else notFound(response);
  });
  return router;
}

function parse<Schema extends z.ZodType>(
  request: Request,
  response: Response,
  schema: Schema,
): z.output<Schema> | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(String(request.body));
  } catch (error) {
    response.status(400).json({ message: 'bad request data', error: (error as Error).message });
    return undefined;
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  response
    .status(400)
    .json({ message: 'bad request data', error: `${issue.path.join('.')}: ${issue.message}` });
  return undefined;
}

function notFound(response: Response): void {
  response.status(404).json({ message: 'Annotation not found' });
}

function toJson(annotation: Annotation): Record<string, unknown> {
  return {
    id: annotation.id,
    alertId: 0,
    alertName: '',
    dashboardId: 0,
    dashboardUID: annotation.dashboardUID,
    panelId: annotation.panelId,
    userId: 1,
    newState: '',
    prevState: '',
    created: annotation.created,
    updated: annotation.updated,
    time: annotation.time,
    timeEnd: annotation.timeEnd,
    text: annotation.text,
    tags: annotation.tags,
    login: 'admin',
    email: 'admin@localhost',
    avatarUrl: '',
    data: annotation.data,
  };
}
