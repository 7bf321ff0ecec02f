import { deploy } from '../../lab/deploy/deploy.ts';
import type { Decoy } from '../../lab/exercise/model/model.ts';
import { faultSpec } from '../../lab/faults/catalogue.ts';
import { defaultVersion, findVersion } from '../../stack/versions.ts';
import { restartReplicas, silenceAlert, stopTraffic } from '../kit/decoys.ts';

const shedOrders = faultSpec('errors', {
  target: 'api-1',
  params: { rate: 1, status: 500, endpoint: '/api/v1/orders' },
});
const sloRules = 'prometheus/rules/slo.yml';

/** The same rules with an objective of 99 %. */
export function withObjectiveOf99(rules: string): string {
  const raised = rules.replaceAll('/ 0.001', '/ 0.01').replace('vector(0.999)', 'vector(0.99)');
  if (raised === rules) throw new Error(`${sloRules} does not hold the objective that was looked for`);
  return raised;
}

export const decoys: readonly Decoy[] = [
  restartReplicas('Restart every replica: what is in the release is in it after a restart, too.', {
    rejectedBy: ['errors-end', 'version-gone'],
    givenSeconds: 3,
  }),
  {
    id: 'shed-orders',
    description: 'Switch the orders off on one replica, to make room for the notes: more fails than before.',
    apply: (context) => context.inject(shedOrders),
    undo: (context) => context.revert(shedOrders),
    rejectedBy: ['errors-end', 'only-one-endpoint'],
    givenSeconds: (pace) => 6 * pace.scrapeIntervalSeconds,
  },
  {
    id: 'raise-objective',
    description: 'Promise 99 % instead of 99.9 %: the page ends, and users lose as many requests as before.',
    apply: (context) =>
      context.inject(
        faultSpec('config-overlay', {
          params: { files: { [sloRules]: withObjectiveOf99(context.lab.declaredConfig(sloRules) ?? '') } },
        }),
      ),
    undo: (context) =>
      context.revert(faultSpec('config-overlay', { params: { files: { [sloRules]: 'x' } } })),
    rejectedBy: ['errors-end', 'burn-agrees'],
    givenSeconds: (pace) => 5 * pace.evaluationIntervalSeconds,
  },
  {
    id: 'roll-back-one',
    description: 'Roll back one of three replicas: fewer errors, and no end of them.',
    async apply({ lab, signal }) {
      await deploy(lab, findVersion(defaultVersion)!, { only: ['api-1'], signal });
    },
    // The break is restored before the next one.
    undo: async () => {},
    rejectedBy: ['errors-end', 'version-gone'],
    givenSeconds: 5,
  },
  silenceAlert('SLOBudgetBurnRateFast', 'errors-end', 'version-gone'),
  stopTraffic(),
];
