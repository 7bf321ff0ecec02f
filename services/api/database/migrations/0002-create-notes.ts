import type { Migration } from './migration.ts';

export const createNotes: Migration = {
  version: 2,
  name: 'create notes',
  sql: `
    CREATE TABLE notes (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      title text NOT NULL,
      body text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      searchable tsvector GENERATED ALWAYS AS (to_tsvector('simple', title || ' ' || body)) STORED
    );
    CREATE INDEX notes_by_user ON notes (user_id, updated_at DESC, id);
    CREATE INDEX notes_by_word ON notes USING gin (searchable);
  `,
};
