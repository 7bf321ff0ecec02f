import { Counter, type Registry } from 'prom-client';
import { Problem } from '../../telemetry/problem.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import type { Identity } from '../auth/tokens.ts';
import type { Database } from '../database/database.ts';
import type { NotesCache } from './notes-cache.ts';

export interface Note {
  id: string;
  title: string;
  body: string;
  createdAt: string;
  updatedAt: string;
}

export interface NoteContent {
  title: string;
  body: string;
}

interface NoteRow {
  id: string;
  title: string;
  body: string;
  created_at: Date;
  updated_at: Date;
}

const columns = 'id, title, body, created_at, updated_at';

/** A person's notes: nobody sees or changes another's. */
export class NotesService {
  readonly #database: Database;
  readonly #cache: NotesCache;
  readonly #created;
  readonly #deleted;

  constructor({ database, cache, registry }: { database: Database; cache: NotesCache; registry: Registry }) {
    this.#database = database;
    this.#cache = cache;
    const counter = (name: string, help: string) =>
      new Counter({ name, help, labelNames: ['user_role'], registers: [registry] });
    this.#created = counter('notes_created_total', 'Notes written.');
    this.#deleted = counter('notes_deleted_total', 'Notes thrown away.');
  }

  /** The newest first. */
  async list({ userId }: Identity, { limit, offset }: { limit: number; offset: number }): Promise<Note[]> {
    return inSpan('NotesService.list', { 'notes.limit': limit }, () =>
      this.#cache.read(userId, `list:${limit}:${offset}`, async () => {
        const rows = await this.#database.query<NoteRow>({
          operation: 'select',
          table: 'notes',
          text: `SELECT ${columns} FROM notes WHERE user_id = $1 ORDER BY updated_at DESC, id LIMIT $2 OFFSET $3`,
          values: [userId, limit, offset],
        });
        return rows.map(toNote);
      }),
    );
  }

  /** @throws Problem 404. */
  async get({ userId }: Identity, id: string): Promise<Note> {
    return inSpan('NotesService.get', { 'note.id': id }, () =>
      this.#cache.read(userId, `note:${id}`, async () => {
        const [row] = await this.#database.query<NoteRow>({
          operation: 'select',
          table: 'notes',
          text: `SELECT ${columns} FROM notes WHERE user_id = $1 AND id = $2`,
          values: [userId, id],
        });
        return toNote(found(row));
      }),
    );
  }

  /** Notes that hold all the words, best match first; never cached, because people seldom search the same twice. */
  async search({ userId }: Identity, words: string, limit: number): Promise<Note[]> {
    return inSpan('NotesService.search', { 'notes.limit': limit }, async () => {
      const rows = await this.#database.query<NoteRow>({
        operation: 'select',
        table: 'notes',
        text: `SELECT ${columns} FROM notes, plainto_tsquery('simple', $2) AS wanted
               WHERE user_id = $1 AND searchable @@ wanted
               ORDER BY ts_rank(searchable, wanted) DESC, updated_at DESC LIMIT $3`,
        values: [userId, words, limit],
      });
      return rows.map(toNote);
    });
  }

  async create({ userId, role }: Identity, { title, body }: NoteContent): Promise<Note> {
    return inSpan('NotesService.create', {}, async () => {
      const [row] = await this.#database.query<NoteRow>({
        operation: 'insert',
        table: 'notes',
        text: `INSERT INTO notes (user_id, title, body) VALUES ($1, $2, $3) RETURNING ${columns}`,
        values: [userId, title, body],
      });
      this.#cache.invalidate(userId);
      this.#created.inc({ user_role: role });
      return toNote(found(row));
    });
  }

  /** @throws Problem 404. */
  async update({ userId }: Identity, id: string, { title, body }: NoteContent): Promise<Note> {
    return inSpan('NotesService.update', { 'note.id': id }, async () => {
      const [row] = await this.#database.query<NoteRow>({
        operation: 'update',
        table: 'notes',
        text: `UPDATE notes SET title = $3, body = $4, updated_at = now()
               WHERE user_id = $1 AND id = $2 RETURNING ${columns}`,
        values: [userId, id, title, body],
      });
      this.#cache.invalidate(userId);
      return toNote(found(row));
    });
  }

  /** @throws Problem 404. */
  async delete({ userId, role }: Identity, id: string): Promise<void> {
    return inSpan('NotesService.delete', { 'note.id': id }, async () => {
      const [row] = await this.#database.query<{ id: string }>({
        operation: 'delete',
        table: 'notes',
        text: 'DELETE FROM notes WHERE user_id = $1 AND id = $2 RETURNING id',
        values: [userId, id],
      });
      this.#cache.invalidate(userId);
      found(row);
      this.#deleted.inc({ user_role: role });
    });
  }
}

function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Problem(404, 'note-not-found', 'There is no such note.');
  return row;
}

function toNote({ id, title, body, created_at, updated_at }: NoteRow): Note {
  return { id, title, body, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}
