import { ConfigProblem } from './problem.ts';

/**
 * The collector's `${env:NAME}`, `${env:NAME:-default}` and `${NAME}` in every string of the configuration; `$$` is a
 * dollar. An unset variable is empty, as in the collector.
 */
export function expandEnvironment(value: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') return expand(value, environment);
  if (Array.isArray(value)) return value.map((item) => expandEnvironment(item, environment));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expandEnvironment(item, environment)]),
    );
  }
  return value;
}

function expand(text: string, environment: NodeJS.ProcessEnv): string | number {
  const expanded = text.replace(/\$\$|\$\{([^}]*)\}/g, (whole, reference: string | undefined) => {
    if (reference === undefined) return '$';
    const match = /^(?:env:)?([a-zA-Z_][a-zA-Z0-9_]*)(?::-(.*))?$/.exec(reference);
    if (match === null)
      throw new ConfigProblem(
        `cannot expand "${whole}": only \${env:NAME} and \${env:NAME:-default} are known`,
      );
    return environment[match[1]!] ?? match[2] ?? '';
  });
  // A reference alone takes the type of what it stands for: ports are numbers.
  return /^\$\{[^}]*\}$/.test(text) && /^\d+$/.test(expanded) ? Number(expanded) : expanded;
}
