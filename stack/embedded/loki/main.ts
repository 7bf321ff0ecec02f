import { runServer } from '../http/run-server.ts';
import { loadConfig } from './config/config.ts';
import { startLoki } from './server/server.ts';
import { version } from './server/version.ts';

/** Flags of the real one, with one dash or two: `-config.file=…`, `-config.file …`; `-target` is accepted. */
function readFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index++) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[index]!);
    if (match === null)
      throw new Error(`unexpected argument "${argv[index]}"; flags look like -config.file=loki.yaml`);
    const name = match[1]!;
    if (!/^(?:config\.file|config\.expand-env|target|version|log\.level|server\..+)$/.test(name)) {
      throw new Error(`flag provided but not defined: -${name}`);
    }
    const next = argv[index + 1];
    if (match[2] !== undefined) flags.set(name, match[2]);
    else if (next !== undefined && !next.startsWith('-')) {
      flags.set(name, next);
      index++;
    } else flags.set(name, 'true');
  }
  return flags;
}

if (process.argv.includes('-version') || process.argv.includes('--version')) {
  process.stdout.write(`loki, version ${version}\n`);
  process.exit(0);
}

void runServer('loki', async () => {
  const flags = readFlags(process.argv.slice(2));
  const path = flags.get('config.file');
  if (path === undefined) throw new Error('no configuration given; pass -config.file=<path of loki.yaml>');
  const config = loadConfig(path);
  const host = flags.get('server.http-listen-address') ?? config.server.http_listen_address;
  const port = flags.get('server.http-listen-port') ?? config.server.http_listen_port;
  const server = await startLoki(config, { address: `${host === '' ? '127.0.0.1' : host}:${port}` });
  process.stderr.write('loki: logs are kept in memory only: a restart begins empty\n');
  return server;
});
