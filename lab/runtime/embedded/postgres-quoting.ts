// A path goes through up to three languages on its way into PostgreSQL, each with rules of its own. One function each.

/** A value in `postgresql.conf`: quotes are doubled, and a backslash begins an escape. */
export const confValue = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** A value in a libpq connection string: in quotes, backslash and quote escaped by a backslash. */
export const conninfoValue = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A word of a POSIX shell, whatever it holds. */
export const shellWord = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** Text in `restore_command` that is no placeholder: `%f` and `%p` are. */
export const restoreText = (value: string): string => value.replaceAll('%', '%%');
