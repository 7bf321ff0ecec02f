import type { Command } from 'commander';
import { defaultVersion, findVersion, type Version, versions } from '../../stack/versions.ts';
import type { LabContext } from '../context.ts';
import { type DeployStep, deploy, deployedVersion, replicas } from '../deploy/deploy.ts';
import { UsageError } from '../errors.ts';
import type { EventKind } from '../events/event-log.ts';
import { markOnDashboards } from '../observe/mark.ts';
import { Workshop } from '../workshop.ts';

/** `deploy` and `rollback`: another version of the API, replica after replica. It stays until the next one, `exercise reset` or `down`. */
export function register(program: Command, context: LabContext): void {
  program
    .command('deploy')
    .description(
      'deploy a version of the API, one replica after the other; without a version, show what runs',
    )
    .argument('[version]', versions.map(({ name }) => name).join(', '))
    .option('--env <name=value...>', 'settings to start it with, such as LOG_LEVEL=debug')
    .option('--only <replicas...>', `not all of ${replicas.join(', ')}`)
    .action(async (name: string | undefined, options: { env?: string[]; only?: string[] }) => {
      if (name === undefined) return showVersions(context);
      const version = findVersion(name);
      if (version === undefined) {
        throw new UsageError(
          `"${name}" is not a version.`,
          `Name one of: ${versions.map((one) => one.name).join(', ')}.`,
        );
      }
      await roll(context, 'deploy', version, parseSettings(options.env ?? []), parseReplicas(options.only));
    });
  program
    .command('rollback')
    .description(`go back to version ${defaultVersion}, one replica after the other`)
    .option('--only <replicas...>', `not all of ${replicas.join(', ')}`)
    .action((options: { only?: string[] }) =>
      roll(context, 'rollback', findVersion(defaultVersion)!, {}, parseReplicas(options.only)),
    );
}

async function roll(
  context: LabContext,
  kind: EventKind & ('deploy' | 'rollback'),
  version: Version,
  environment: Readonly<Record<string, string>>,
  only: readonly string[],
): Promise<void> {
  const { ui, signal } = context;
  const workshop = new Workshop(context, await context.running());
  const settings = Object.entries(environment).map(([name, value]) => `, ${name}=${value}`);
  const steps: DeployStep[] = [];
  // Noted before it begins: a deploy that is cut short has happened as well.
  const text = `${kind === 'deploy' ? 'Deploy' : 'Rollback'}: version ${version.name}${settings.join('')} on ${only.join(', ')}`;
  workshop.events.append({
    kind,
    actor: 'learner',
    text,
    details: { version: version.name, environment, only },
  });
  await markOnDashboards(workshop.backends, { text, tags: [kind] }, { signal, note: ui.note });
  await deploy(workshop.lab, version, {
    environment,
    only,
    signal,
    onStep: (step) => {
      steps.push(step);
      ui.note(`${step.replica}: ${step.from} -> ${step.to}, ready`);
    },
  });
  ui.result({ version: version.name, environment, steps }, () =>
    ui.line(
      steps.length === 0
        ? `Version ${version.name} runs already; nothing was replaced.`
        : `Version ${version.name} runs on ${only.join(', ')}.`,
    ),
  );
}

async function showVersions(context: LabContext): Promise<void> {
  const { ui } = context;
  const lab = await context.running();
  const running = await Promise.all(
    replicas.map(async (replica) => ({
      replica,
      version: await deployedVersion(lab, replica),
      environment: await lab.overrides(replica),
    })),
  );
  ui.result({ running, versions: versions.map(({ name, summary }) => ({ name, summary })) }, () => {
    ui.table([['REPLICA', 'VERSION'], ...running.map((one) => [one.replica, one.version])]);
    ui.line();
    ui.table([['VERSION', 'WHAT CHANGED'], ...versions.map(({ name, summary }) => [name, summary])]);
  });
}

function parseSettings(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^([A-Z][A-Z0-9_]{0,63})=(.*)$/.exec(pair);
      if (match === null)
        throw new UsageError(
          `"${pair}" is not a setting.`,
          'Write it as NAME=value, such as LOG_LEVEL=debug.',
        );
      return [match[1]!, match[2]!];
    }),
  );
}

function parseReplicas(given: readonly string[] | undefined): readonly string[] {
  for (const name of given ?? []) {
    if (!(replicas as readonly string[]).includes(name))
      throw new UsageError(`"${name}" is not a replica.`, `Name some of: ${replicas.join(', ')}.`);
  }
  return given ?? replicas;
}
