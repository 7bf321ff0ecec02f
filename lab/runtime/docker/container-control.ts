import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Component } from '../../../stack/topology.ts';
import { ComponentFailed, type LabError, PortTaken } from '../../errors.ts';
import { probeHttp, probePostgres, probesWanted, untilReady } from '../readiness.ts';
import { filesBelow } from '../render-config.ts';
import type { ProgressEvent } from '../runtime.ts';
import { StartDeadline } from '../start-deadline.ts';
import { type ArchiveEntry, archive } from './archive.ts';
import { lastLines } from './container-logs.ts';
import { configFolder } from './docker-placement.ts';
import type { DockerSession } from './docker-session.ts';
import { asLabFailure, statusOf, tolerating } from './engine.ts';
import { labLabels, networkName, planLabel } from './labels.ts';
import { primaryInitScript } from './postgres-plan.ts';

const pollMs = 50;
const readyWithinMs = 90_000;

export interface StartOptions {
  /** The lab comes up: what is started now has not been disturbed, and its first good probe counts. */
  readonly isBoot?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onPhase?: (phase: ProgressEvent['phase'], message?: string) => void;
  /** Settles when that is there without which it cannot be ready. */
  readonly awaited?: Promise<unknown>;
}

/** The container as the engine sees it, or undefined when there is none. */
export function inspect(
  session: DockerSession,
  id: string,
): Promise<Docker.ContainerInspectInfo | undefined> {
  return tolerating([404], () => session.container(id).inspect());
}

/** Creates or starts a component's container unless it runs, and waits until it is ready. */
export async function startComponent(
  session: DockerSession,
  component: Component,
  options: StartOptions = {},
): Promise<void> {
  const plan = session.plan(component);
  let info = await inspect(session, component.id);
  // A promotion changes what a PostgreSQL node is planned as; the promoted one already is it, while it runs.
  const keeps = info?.State.Running === true && component.program.kind === 'postgres';
  if (info !== undefined && info.Config.Labels[planLabel] !== plan.hash && !keeps) {
    await removeContainer(session, component.id);
    info = undefined;
  }
  if (info === undefined) {
    options.onPhase?.('creating');
    await createContainer(session, component);
  }
  if (info?.State.Paused === true) {
    session.options.note(`${component.id} was paused; it goes on.`);
    await tolerating([409], () => session.container(component.id).unpause());
  }
  const runs = info?.State.Running === true;
  if (!runs) {
    options.onPhase?.('starting');
    await startContainer(session, component);
  }
  const goodProbes = probesWanted(options.isBoot === true && !runs);
  await waitUntilReady(session, component, goodProbes, options);
}

/** Stops the container, by force after the grace period; resolves when it does not run. */
export async function stopComponent(session: DockerSession, id: string, graceMs = 5000): Promise<void> {
  // A paused process cannot end by itself.
  await tolerating([404, 409, 500], () => session.container(id).unpause());
  await tolerating([304, 404], () => session.container(id).stop({ t: Math.ceil(graceMs / 1000) }));
}

/** Removes the container with its anonymous volumes, running or not. */
export async function removeContainer(session: DockerSession, id: string): Promise<void> {
  // 409: somebody is removing it already; then wait for that.
  await tolerating([404, 409], () => session.container(id).remove({ force: true, v: true }));
  while ((await inspect(session, id)) !== undefined) await sleep(pollMs);
}

/** Asks a component's readiness probe once, from this machine. */
export function probe(session: DockerSession, component: Component): Promise<boolean> {
  const { readiness } = component;
  const { host, port, url } = session.hostAddress(component.id, readiness.port);
  return readiness.kind === 'http' ? probeHttp(`${url}${readiness.path}`) : probePostgres(host, port);
}

async function createContainer(session: DockerSession, component: Component): Promise<void> {
  const { container, volume } = session.plan(component);
  if (volume !== undefined) {
    await call(() =>
      session.docker.createVolume({ Name: volume, Labels: labLabels(session.name, component.id) }),
    );
  }
  const created = await call(() => session.docker.createContainer(container));
  const files = configEntries(session, component);
  if (files.length > 0) {
    const content = await archive(files);
    await call(() => created.putArchive(content, { path: '/' }));
  }
}

async function startContainer(session: DockerSession, component: Component): Promise<void> {
  try {
    await tolerating([304], () => session.container(component.id).start());
  } catch (error) {
    const message = (error as Error).message;
    const port = /(?:0\.0\.0\.0|127\.0\.0\.1):(\d+).*(?:already (?:allocated|in use))/.exec(message)?.[1];
    if (port === undefined) throw error;
    throw new PortTaken(
      component.id,
      Number(port),
      'Free it, or move the lab: npm run lab -- down, then up.',
      {
        cause: error,
      },
    );
  }
}

/** The rendered config files as the container finds them; edits that a learner made are in them. */
function configEntries(session: DockerSession, component: Component): ArchiveEntry[] {
  const { config } = session.options.paths;
  const entries: ArchiveEntry[] = component.config.flatMap((name) =>
    filesBelow(join(config, name)).map((path) => ({
      path: `${configFolder.slice(1)}/${relative(config, path)}`,
      content: readFileSync(path),
    })),
  );
  if (component.program.kind === 'postgres') {
    entries.push({
      path: 'docker-entrypoint-initdb.d/10-replication.sh',
      content: primaryInitScript,
      mode: 0o755,
    });
  }
  return entries;
}

async function waitUntilReady(
  session: DockerSession,
  component: Component,
  goodProbes: number,
  { signal, awaited }: StartOptions,
): Promise<void> {
  const deadline = new StartDeadline(component.id, readyWithinMs, { awaited, note: session.options.note });
  let attempt = 0;
  const ready = await untilReady({
    probe: async () => {
      const answers = await probe(session, component);
      // What answers may be a stranger on that port; the container must run, too.
      if (answers || attempt++ % 5 === 0) {
        const state = (await inspect(session, component.id))?.State;
        if (state?.Running !== true) {
          const oom = state?.OOMKilled === true ? ', out of memory' : '';
          throw await failed(
            session,
            component,
            `ended while it started (exit code ${state?.ExitCode}${oom})`,
          );
        }
      }
      return answers;
    },
    goodProbes,
    pollMs,
    deadline,
    signal,
  });
  if (!ready) throw await failed(session, component, `was not ready ${deadline.waited}`);
}

async function failed(session: DockerSession, component: Component, how: string): Promise<LabError> {
  const lines = await lastLines(session.container(component.id), 3);
  return new ComponentFailed(component.id, how, lines.length > 0 ? lines.join(' | ') : '(it wrote nothing)');
}

/** Any call of the engine whose loss is an error of the environment. */
async function call<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asLabFailure(error);
  }
}

/** Creates the lab's network unless it is there. */
export async function ensureNetwork(session: DockerSession): Promise<void> {
  const name = networkName(session.name);
  const found = await tolerating([404], () => session.docker.getNetwork(name).inspect());
  if (found !== undefined) return;
  try {
    await session.docker.createNetwork({
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: labLabels(session.name),
    });
  } catch (error) {
    // Two commands may create it at once; one of them did.
    if (statusOf(error) !== 409) throw asLabFailure(error);
  }
}
