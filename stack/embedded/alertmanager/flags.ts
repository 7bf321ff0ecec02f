const known = new Set([
  'config.file',
  'storage.path',
  'data.retention',
  'web.listen-address',
  'web.external-url',
  'web.route-prefix',
  'cluster.listen-address',
  'silences.max-silences',
  'enable-feature',
  'log.level',
  'log.format',
]);

/** Reads `--name=value` and `--name value`. Throws when a flag is unknown, as the real one does. */
export function parseFlags(args: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index++) {
    const match = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(args[index] ?? '');
    const name = match?.[1] ?? '';
    if (!known.has(name))
      throw new Error(
        `unknown flag "${args[index]}"; known are ${[...known].map((flag) => `--${flag}`).join(', ')}`,
      );
    const value = match?.[2] ?? args[++index];
    if (value === undefined) throw new Error(`expected argument for flag --${name}`);
    flags[name] = value;
  }
  return flags;
}
