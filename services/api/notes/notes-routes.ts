import type { Express, RequestHandler } from 'express';
import { z } from 'zod';
import { Problem } from '../../telemetry/problem.ts';
import { parseInput } from '../../telemetry/validation.ts';
import { identityOf } from '../auth/auth-routes.ts';
import type { NotesService } from './notes-service.ts';

const limitSchema = z.coerce.number().int().min(1).max(100).default(20);
const listSchema = z.strictObject({ limit: limitSchema, offset: z.coerce.number().int().min(0).max(10_000).default(0) });
const searchSchema = z.strictObject({ q: z.string().trim().min(1).max(200), limit: limitSchema });
const contentSchema = z.strictObject({
  title: z.string().trim().min(1).max(200),
  body: z.string().max(10_000),
});
const idSchema = z.uuid();

/** `search` before `:id`: the first match wins. */
export const notesEndpoints = ['/api/v1/notes', '/api/v1/notes/search', '/api/v1/notes/:id'];

export function addNotesRoutes(app: Express, notes: NotesService, authenticate: RequestHandler): void {
  app.get('/api/v1/notes', authenticate, async (request, response) => {
    response.json({ notes: await notes.list(identityOf(response), parseInput(listSchema, request.query)) });
  });
  app.post('/api/v1/notes', authenticate, async (request, response) => {
    const note = await notes.create(identityOf(response), parseInput(contentSchema, request.body));
    response.status(201).setHeader('Location', `/api/v1/notes/${note.id}`).json(note);
  });
  app.get('/api/v1/notes/search', authenticate, async (request, response) => {
    const { q, limit } = parseInput(searchSchema, request.query);
    response.json({ notes: await notes.search(identityOf(response), q, limit) });
  });
  app.get('/api/v1/notes/:id', authenticate, async (request, response) => {
    response.json(await notes.get(identityOf(response), noteId(request.params.id)));
  });
  app.put('/api/v1/notes/:id', authenticate, async (request, response) => {
    const content = parseInput(contentSchema, request.body);
    response.json(await notes.update(identityOf(response), noteId(request.params.id), content));
  });
  app.delete('/api/v1/notes/:id', authenticate, async (request, response) => {
    await notes.delete(identityOf(response), noteId(request.params.id));
    response.status(204).end();
  });
}

/** An ID that no note can have is a note that does not exist. */
function noteId(text: string | string[] | undefined): string {
  const parsed = idSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Problem(404, 'note-not-found', 'There is no such note.');
}
