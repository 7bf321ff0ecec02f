import { stringify } from 'yaml';
import type { Component } from '../../../stack/topology.ts';
import { configFolder, dataFolder } from './docker-placement.ts';
import type { PlanOptions } from './launch.ts';
import { isLabService, pidsLimit, planLaunch } from './plan.ts';
import { primaryInitScript } from './postgres-plan.ts';

/** A component as a service of the Compose specification. */
interface ComposeService {
  [key: string]: unknown;
}

export interface ComposeOptions extends Omit<PlanOptions, 'image' | 'overrides'> {
  readonly imageFor: (component: Component) => string;
  /** The rendered config folder, as the compose file reaches it. */
  readonly configPath: string;
  /** The folder with the Dockerfile of the services. */
  readonly buildContext: string;
  readonly nodeImage: string;
}

/**
 * The lab as a compose file, derived from the same topology and the same plans as the docker runtime: proof that nothing
 * hides in code. Ports are on loopback, secrets are this lab's own.
 */
export function composeFile(components: readonly Component[], options: ComposeOptions): string {
  const services = Object.fromEntries(components.map((one) => [one.id, composeService(one, options)]));
  const volumes = Object.fromEntries(
    components.filter(({ id }) => dataFolder(id) !== undefined).map(({ id }) => [id, null]),
  );
  const document = {
    name: `break-and-observe-${options.lab}`,
    services,
    volumes,
    // `$` begins a variable of compose.
    configs: { 'replication-role': { content: primaryInitScript.replaceAll('$', '$$$$') } },
  };
  return `# Generated from stack/topology.ts by: npm run lab -- export compose\n${stringify(document, { lineWidth: 0, version: '1.1' })}`;
}

function composeService(component: Component, options: ComposeOptions): ComposeService {
  const image = options.imageFor(component);
  const launch = planLaunch(component, { ...options, image, overrides: {} });
  const service = isLabService(component);
  const folder = dataFolder(component.id);
  const literal = (text: string): string => text.replaceAll('$', '$$$$');
  const volumes = [
    ...component.config.map((name) => `${options.configPath}/${name}:${configFolder}/${name}:ro`),
    ...(folder === undefined ? [] : [`${component.id}:${folder}`]),
  ];
  return {
    image,
    ...(service ? { build: { context: options.buildContext, args: { NODE_IMAGE: options.nodeImage } } } : {}),
    hostname: component.id,
    ...(launch.user === undefined ? {} : { user: launch.user }),
    ...(launch.entrypoint === undefined ? {} : { entrypoint: launch.entrypoint.map(literal) }),
    ...(launch.command === undefined ? {} : { command: launch.command.map(literal) }),
    environment: Object.fromEntries(
      Object.entries(launch.environment).map(([name, value]) => [name, literal(value)]),
    ),
    ports: Object.values(component.ports).map(
      (port) => `${options.publishOn}:${port + options.portOffset}:${port}`,
    ),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(component.program.kind === 'postgres'
      ? {
          configs: [
            {
              source: 'replication-role',
              target: '/docker-entrypoint-initdb.d/10-replication.sh',
              mode: 0o755,
            },
          ],
          healthcheck: {
            test: ['CMD', 'pg_isready', '--quiet', '--username=notes', `--port=${component.ports.postgres}`],
            interval: '1s',
            timeout: '2s',
            retries: 60,
          },
        }
      : {}),
    ...(component.dependsOn.length === 0
      ? {}
      : {
          depends_on: Object.fromEntries(
            component.dependsOn.map((id) => [id, { condition: 'service_healthy' }]),
          ),
        }),
    mem_limit: `${component.memoryMebibytes}m`,
    pids_limit: pidsLimit,
    restart: 'no',
    security_opt: ['no-new-privileges'],
    cap_drop: ['ALL'],
    // The image's own check runs every 30 s; `up --wait` would wait for the first.
    ...(service ? { read_only: true, tmpfs: ['/tmp:size=16m'], healthcheck: { interval: '2s' } } : {}),
  };
}
