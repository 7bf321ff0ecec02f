import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** The YAML files of one kind of provisioning, parsed, in order of name; none when the folder is not there. */
export async function readProvisioningFiles(folder: string): Promise<{ file: string; content: unknown }[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      // Generators write several documents into one file: Go reads the first.
      const document = parseDocument(await readFile(file, 'utf8'), { logLevel: 'silent' });
      const problem = document.errors[0];
      if (problem !== undefined) throw new Error(`${file}: ${problem.message.split('\n', 1)[0]}`);
      return { file, content: expand(document.toJS() as unknown) };
    }),
  );
}

/** Grafana's provisioning: `$NAME` and `${NAME}` are environment variables, `$$` is a dollar. */
function expand(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\$|\$\{(\w+)\}|\$(\w+)/g, (_whole, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      return name === undefined ? '$' : (process.env[name] ?? '');
    });
  }
  if (Array.isArray(value)) return value.map(expand);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item)]));
  }
  return value;
}
