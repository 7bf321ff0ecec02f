import { defaultVersion, findVersion, type Version } from '../../stack/versions.ts';
import type { RunningLab } from '../runtime/runtime.ts';

/** What a deploy replaces, one after the other. */
export const replicas = ['api-1', 'api-2', 'api-3'] as const;

export interface DeployStep {
  readonly replica: string;
  readonly from: string;
  readonly to: string;
}

export interface DeployOptions {
  /** Settings besides those of the version, such as `LOG_LEVEL`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onStep?: (step: DeployStep) => void;
}

/** The version that a replica was told to run. */
export async function deployedVersion(lab: RunningLab, replica: string): Promise<string> {
  return (await lab.overrides(replica)).SERVICE_VERSION ?? defaultVersion;
}

/**
 * A rolling deploy: each replica is drained, replaced and ready again before the next one's turn, so that users lose
 * none. A replica that runs that version with those settings already is left alone. Returns what was replaced.
 */
export async function deploy(
  lab: RunningLab,
  version: Version,
  options: DeployOptions = {},
): Promise<readonly DeployStep[]> {
  const settings = { ...version.environment, ...options.environment };
  const wanted =
    version.name === defaultVersion && Object.keys(settings).length === 0
      ? {}
      : { ...settings, SERVICE_VERSION: version.name };
  const done: DeployStep[] = [];
  for (const replica of options.only ?? replicas) {
    options.signal?.throwIfAborted();
    const overrides = await lab.overrides(replica);
    // Which database takes writes does not depend on the release.
    const { DATABASE_ADDRESS: address } = overrides;
    const next = address === undefined ? wanted : { ...wanted, DATABASE_ADDRESS: address };
    if (sameSettings(overrides, next)) continue;
    const step = { replica, from: overrides.SERVICE_VERSION ?? defaultVersion, to: version.name };
    await lab.restart(replica, next);
    options.onStep?.(step);
    done.push(step);
  }
  return done;
}

/** What the lab began with, wherever something else was deployed. Returns what was replaced. */
export function undoDeploys(lab: RunningLab): Promise<readonly DeployStep[]> {
  return deploy(lab, findVersion(defaultVersion)!);
}

function sameSettings(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
