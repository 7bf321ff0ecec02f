import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runServer } from '../http/run-server.ts';
import { parseConfig } from './config/config.ts';
import { startJaeger } from './server.ts';

/**
 * The embedded Jaeger: `--config file.yaml`, the YAML of Jaeger v2.
 * `--storage.max-bytes` bounds what the memory storage holds; the real one knows `max_traces` only.
 */
void runServer('jaeger', async () => {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, 'storage.max-bytes': { type: 'string' } },
  });
  if (values.config === undefined) throw new Error('--config is required: the path of a Jaeger v2 YAML file');
  const file = values.config.replace(/^file:/, '');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`cannot read the configuration: ${(error as Error).message}`);
  });
  const config = parseConfig(text);
  const maxBytes = values['storage.max-bytes'];
  if (maxBytes !== undefined && !/^[1-9]\d*$/.test(maxBytes)) {
    throw new Error(`--storage.max-bytes "${maxBytes}" is not a number of bytes above 0`);
  }
  return startJaeger(config, { maxBytes: maxBytes === undefined ? undefined : Number(maxBytes) });
});
