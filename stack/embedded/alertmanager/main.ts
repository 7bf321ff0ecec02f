import { parsePrometheusDuration } from '../duration/prometheus-duration.ts';
import { runServer } from '../http/run-server.ts';
import { parseFlags } from './flags.ts';
import { startAlertmanager } from './server.ts';

void runServer('alertmanager', async () => {
  const flags = parseFlags(process.argv.slice(2));
  const features = (flags['enable-feature'] ?? '').split(',');
  const running = await startAlertmanager(flags['web.listen-address'] ?? '127.0.0.1:9093', {
    configFile: flags['config.file'] ?? 'alertmanager.yml',
    storagePath: flags['storage.path'] ?? 'data',
    externalUrl: flags['web.external-url'] ?? '',
    retentionMs: parsePrometheusDuration(flags['data.retention'] ?? '120h'),
    maxSilences:
      flags['silences.max-silences'] === undefined ? undefined : Number(flags['silences.max-silences']),
    matcherMode: features.includes('classic-mode')
      ? 'classic'
      : features.includes('utf8-strict-mode')
        ? 'utf8'
        : 'fallback',
    report: (line) => process.stderr.write(`alertmanager: ${line}\n`),
  });
  process.on('SIGHUP', () => {
    try {
      running.manager.reload();
    } catch (error) {
      process.stderr.write(
        `alertmanager: failed to reload config: ${(error as Error).message.replaceAll('\n', ' ')}\n`,
      );
    }
  });
  return running;
});
