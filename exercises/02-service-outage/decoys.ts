import type { ActionContext, Decoy } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { replicas } from '../kit/queries.ts';
import { lost } from './telemetry.ts';

/** All at once: while they start, no replica serves. */
export function restartAll(...rejectedBy: string[]): Decoy {
  return {
    id: 'restart-the-rest',
    description:
      'Restart the two that still serve, both at once: "a clean slate" takes away what users live on.',
    apply: async ({ lab }) => {
      const rest = replicas.filter((one) => one !== lost);
      for (const one of rest) await lab.stop(one);
      for (const one of rest) await lab.start(one);
    },
    undo: async () => {},
    rejectedBy,
    givenSeconds: 4,
  };
}

const prometheusYml = 'prometheus/prometheus.yml';

/** The scrape configuration without the replica. */
export function withoutTarget(config: string, instance: string): string {
  const target = new RegExp(`\\n *- targets: \\[[^\\n]*\\]\\n *labels: \\{ instance: ${instance} \\}`);
  if (!target.test(config)) throw new Error(`${prometheusYml} has no target ${instance}`);
  return config.replace(target, '');
}

/** What is not scraped cannot be down. */
export function stopScraping(...rejectedBy: string[]): Decoy {
  const spec = ({ lab }: ActionContext) =>
    faultSpec('config-overlay', {
      params: { files: { [prometheusYml]: withoutTarget(lab.declaredConfig(prometheusYml) ?? '', lost) } },
    });
  return {
    id: 'stop-scraping',
    description: `Take ${lost} out of the scrape configuration: no target is down any more, and one replica is still gone.`,
    apply: (context) => context.inject(spec(context)),
    undo: (context) => context.revert(spec(context)),
    rejectedBy,
    givenSeconds: 4,
  };
}
