import { type Request, type Response, Router } from 'express';
import { criticalPath } from '../analysis/critical-path.ts';
import { parseTraceId } from '../model/trace-id.ts';
import type { QueryService } from './query-service.ts';

/** The lab's own endpoints, which the real Jaeger has not: `/api/lab/traces/<id>/critical-path`. */
export function createLabApi(service: QueryService): Router {
  const router = Router({ caseSensitive: true });
  router.get('/traces/:traceId/critical-path', (request: Request, response: Response) => {
    let id: string;
    try {
      id = parseTraceId(String(request.params.traceId));
    } catch (error) {
      response.status(400).json({ error: (error as Error).message });
      return;
    }
    const spans = service.getTrace(id);
    if (spans === undefined) response.status(404).json({ error: 'trace not found' });
    else response.json(criticalPath(spans));
  });
  return router;
}
