import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Component } from '../../../stack/topology.ts';
import { splitAddress } from '../../../stack/topology.ts';
import { BuildMissing } from '../../errors.ts';
import { findOnPath } from '../../process/find-on-path.ts';
import type { LaunchSpec } from './component-process.ts';
import type { EmbeddedSession } from './embedded-session.ts';
import { cloneRunningCluster } from './postgres-clone.ts';
import {
  configureCluster,
  hasCluster,
  initializeCluster,
  isStandby,
  postgresEnvironment,
} from './postgres-data.ts';

/** Variables of the person's environment that a component may see: where programs are, and the way out to a proxy. */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
];

/** What to run for a component, with everything it needs on disk in place. */
export async function prepareLaunch(
  session: EmbeddedSession,
  component: Component,
  signal: AbortSignal | undefined,
): Promise<LaunchSpec> {
  const { program } = component;
  if (program.kind === 'postgres') return preparePostgres(session, component, signal);
  const at = session.placement;
  const environment = {
    ...Object.fromEntries(
      inherited
        .map((name) => [name, session.options.environment[name]])
        .filter(([, value]) => value !== undefined),
    ),
    ...component.environment(at),
    ...session.state.components[component.id]?.environment,
  };
  const native = session.state.native && component.native !== undefined ? component.native : undefined;
  const binary = native && findOnPath(native.binaries, session.options.environment.PATH ?? '');
  if (native !== undefined && binary !== undefined) {
    return { command: binary, arguments: native.arguments(at), environment };
  }
  const bundle = resolve(session.options.root, 'dist', program.bundle);
  if (!existsSync(bundle)) throw new BuildMissing(bundle);
  return {
    command: process.execPath,
    arguments: [
      `--max-old-space-size=${program.heapMebibytes}`,
      // A young generation of 2 x 4 MiB instead of 16: twelve processes, and none allocates in bursts.
      '--max-semi-space-size=4',
      '--enable-source-maps',
      bundle,
      ...program.arguments(at),
    ],
    // Compiled code is kept between starts (Node 22.1 and newer; older ones ignore it).
    environment: {
      NODE_COMPILE_CACHE: join(session.paths.cache, 'node'),
      NODE_ENV: 'production',
      ...environment,
    },
  };
}

/**
 * A PostgreSQL node is what the state says, not what it was declared as: after a promotion the declared primary comes
 * back as a standby of the other. Its old data belongs to another timeline then, so it is cloned again.
 */
async function preparePostgres(
  session: EmbeddedSession,
  component: Component,
  signal: AbortSignal | undefined,
): Promise<LaunchSpec> {
  const { binaries, runAs } = session.postgres;
  const directory = join(session.paths.data, component.id);
  const primary = session.state.postgresPrimary;
  const nodes = session.components.filter((one) => one.program.kind === 'postgres');
  const upstream =
    component.id === primary
      ? (nodes.find((one) => one.id !== primary) ?? component)
      : session.component(primary);
  const [host, port] = splitAddress(session.placement.listen(component.id, 'postgres'));
  const [upstreamHost, upstreamPort] = splitAddress(session.placement.address(upstream.id, 'postgres'));

  if (component.id === primary && !hasCluster(directory)) {
    await initializeCluster({
      binaries,
      runAs,
      primary: directory,
      standbys: nodes.filter((one) => one.id !== primary).map((one) => join(session.paths.data, one.id)),
      credentials: session.credentials,
      signal,
    });
  } else if (component.id !== primary && !(hasCluster(directory) && isStandby(directory))) {
    await cloneRunningCluster({
      from: { host: upstreamHost, port: Number(upstreamPort), directory: join(session.paths.data, primary) },
      to: directory,
      runAs,
      credentials: session.credentials,
    });
  }
  configureCluster({
    directory,
    config: join(session.paths.config, 'postgres'),
    runAs,
    listen: { host, port: Number(port) },
    upstream: {
      host: upstreamHost,
      port: Number(upstreamPort),
      directory: join(session.paths.data, upstream.id),
    },
    applicationName: component.id,
    credentials: session.credentials,
  });
  const [command, args] = runAs.wrap(binaries.postgres, ['-D', directory]);
  return {
    command,
    arguments: args,
    environment: postgresEnvironment(),
    ...runAs.spawnOptions,
  };
}
