import type { Express } from 'express';
import { z } from 'zod';
import { answering } from '../../telemetry/answering.ts';
import { Problem } from '../../telemetry/problem.ts';
import { parseInput } from '../../telemetry/validation.ts';
import type { Authenticate } from '../auth/auth-routes.ts';
import type { NotesService } from './notes-service.ts';

const limitSchema = z.coerce.number().int().min(1).max(100).default(20);
const listSchema = z.strictObject({
  limit: limitSchema,
  offset: z.coerce.number().int().min(0).max(10_000).default(0),
});
const searchSchema = z.strictObject({ q: z.string().trim().min(1).max(200), limit: limitSchema });
const contentSchema = z.strictObject({
  title: z.string().trim().min(1).max(200),
  body: z.string().max(10_000),
});
const idSchema = z.uuid();

export function addNotesRoutes(app: Express, notes: NotesService, authenticate: Authenticate): void {
  app.get(
    '/api/v1/notes',
    answering(async (request, response) => {
      response.json({
        notes: await notes.list(await authenticate(request), parseInput(listSchema, request.query)),
      });
    }),
  );
  app.post(
    '/api/v1/notes',
    answering(async (request, response) => {
      const note = await notes.create(await authenticate(request), parseInput(contentSchema, request.body));
      response.status(201).setHeader('Location', `/api/v1/notes/${note.id}`).json(note);
    }),
  );
  app.get(
    '/api/v1/notes/search',
    answering(async (request, response) => {
      const identity = await authenticate(request);
      const { q, limit } = parseInput(searchSchema, request.query);
      response.json({ notes: await notes.search(identity, q, limit) });
    }),
  );
  app.get(
    '/api/v1/notes/:id',
    answering(async (request, response) => {
      response.json(await notes.get(await authenticate(request), noteId(request.params.id)));
    }),
  );
  app.put(
    '/api/v1/notes/:id',
    answering(async (request, response) => {
      const identity = await authenticate(request);
      const content = parseInput(contentSchema, request.body);
      response.json(await notes.update(identity, noteId(request.params.id), content));
    }),
  );
  app.delete(
    '/api/v1/notes/:id',
    answering(async (request, response) => {
      await notes.delete(await authenticate(request), noteId(request.params.id));
      response.status(204).end();
    }),
  );
}

/** An ID that no note can have is a note that does not exist. */
function noteId(text: string | string[] | undefined): string {
  const parsed = idSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Problem(404, 'note-not-found', 'There is no such note.');
}
