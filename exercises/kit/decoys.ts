// Wrong actions that are plausible in more than one exercise.
import { replicas } from '../../lab/deploy/deploy.ts';
import type { Decoy } from '../../lab/exercise/model/model.ts';
import { byTheLab } from '../../lab/incident/silence-events.ts';
import { longEnough } from './windows.ts';

/** Without requests nothing is slow, and nothing is well. */
export function stopTraffic(...rejectedBy: string[]): Decoy {
  return {
    id: 'stop-traffic',
    description: 'Stop the traffic: without requests nothing fails.',
    apply: (context) => context.stopTraffic(),
    undo: (context) => context.startTraffic(),
    rejectedBy: ['users-keep-coming', ...rejectedBy],
    givenSeconds: 4,
  };
}

/** A restart helps against many things, but it has to be the right process. */
export function restartAnother(instance: string, ...rejectedBy: string[]): Decoy {
  return {
    id: 'restart-another',
    description: `Restart ${instance}: a restart helps against many things, but it has to be the right process.`,
    apply: ({ lab }) => lab.restart(instance),
    // A restarted replica is as it was.
    undo: async () => {},
    rejectedBy,
    givenSeconds: longEnough,
  };
}

/** What is wrong with a release, or beneath the replicas, is so after a restart as well. */
export function restartReplicas(
  description: string,
  { rejectedBy, givenSeconds }: Pick<Decoy, 'rejectedBy' | 'givenSeconds'>,
): Decoy {
  return {
    id: 'restart-each',
    description,
    async apply({ lab }) {
      for (const replica of replicas) await lab.restart(replica);
    },
    undo: async () => {},
    rejectedBy,
    givenSeconds,
  };
}

/** The page is quiet, and everything else as bad as before. */
export function silenceAlert(alertname: string, ...rejectedBy: string[]): Decoy {
  const comment = `decoy: silence ${alertname}`;
  return {
    id: `silence-alert`,
    description: `Silence ${alertname}: nobody is woken any more, and nothing is repaired.`,
    async apply({ observe, signal }) {
      await observe.alertmanager.silence({ alertname }, 600_000, { createdBy: byTheLab, comment, signal });
    },
    async undo({ observe, signal }) {
      for (const silence of await observe.alertmanager.silences({ signal })) {
        if (silence.comment === comment && silence.status.state !== 'expired')
          await observe.alertmanager.expireSilence(silence.id, { signal });
      }
    },
    rejectedBy,
    givenSeconds: longEnough,
  };
}
