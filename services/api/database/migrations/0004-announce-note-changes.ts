import type { Migration } from './migration.ts';

/** Each replica caches notes: a change made through one has to reach the caches of the others. */
export const announceNoteChanges: Migration = {
  version: 4,
  name: 'announce note changes',
  sql: `
    CREATE FUNCTION announce_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('notes_changed', coalesce(NEW.user_id, OLD.user_id)::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER notes_changed AFTER INSERT OR UPDATE OR DELETE ON notes
      FOR EACH ROW EXECUTE FUNCTION announce_note_change();
  `,
};
