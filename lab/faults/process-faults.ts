import { z } from 'zod';
import type { ComponentId, ComponentState, RunningLab } from '../runtime/runtime.ts';
import type { FaultContext, FaultKind } from './fault.ts';
import { isDown, stateOf } from './target-state.ts';

const breakable: readonly ComponentId[] = [
  'gateway',
  'api-1',
  'api-2',
  'api-3',
  'postgres-primary',
  'postgres-replica',
  'inbox',
  'prometheus',
  'alertmanager',
  'loki',
  'jaeger',
  'grafana',
];
const nothing = z.strictObject({});

/** A fault of the process itself. It ends when somebody ends it: the journal is what remembers. */
function processFault(
  about: Pick<FaultKind, 'id' | 'summary' | 'describe'> & { readonly capability: 'stop' | 'kill' | 'pause' },
  does: {
    inject(lab: RunningLab, target: ComponentId): Promise<void>;
    revert(lab: RunningLab, target: ComponentId): Promise<void>;
    active(state: ComponentState): boolean;
  },
): FaultKind {
  return {
    ...about,
    targets: breakable,
    defaultTarget: 'api-2',
    params: nothing,
    paramsHelp: 'none',
    endsByItself: false,
    inject: ({ lab }: FaultContext, target) => does.inject(lab, target),
    revert: ({ lab }: FaultContext, target) => does.revert(lab, target),
    isActive: async ({ lab }: FaultContext, target) => does.active(await stateOf(lab, target)),
  };
}

/** `restart-with-env` keeps its variables in the runtime, which is asked for them. */
const restartWithEnv: FaultKind<{ env: Record<string, string> }> = {
  id: 'restart-with-env',
  summary: 'The component is started anew with other environment variables.',
  targets: ['gateway', 'api-1', 'api-2', 'api-3', 'inbox'],
  defaultTarget: 'api-1',
  params: z.strictObject({
    env: z
      .record(
        z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'a variable name such as LOG_LEVEL'),
        z.string().max(1_000),
      )
      .refine((env) => Object.keys(env).length > 0, 'at least one variable, as NAME=value'),
  }),
  paramsHelp: 'NAME=value ...',
  capability: 'restart-with-env',
  endsByItself: false,
  describe: (target, { env }) => `${target} runs with ${Object.keys(env).join(', ')} changed`,
  inject: ({ lab }, target, { env }) => lab.restart(target, env),
  revert: ({ lab }, target) => lab.restart(target, {}),
  isActive: async ({ lab }, target, { env }) => {
    const overrides = await lab.overrides(target);
    return Object.keys(env).some((name) => overrides[name] !== undefined);
  },
};

const partition: FaultKind = {
  id: 'partition',
  summary: 'The component is cut off from the network (docker runtime).',
  targets: breakable,
  defaultTarget: 'postgres-replica',
  params: nothing,
  paramsHelp: 'none',
  capability: 'partition',
  endsByItself: false,
  describe: (target) => `${target} is cut off from the network`,
  inject: async ({ lab }, target) => lab.disconnect?.(target),
  revert: async ({ lab }, target) => lab.connect?.(target),
  isActive: async ({ lab }, target) => (await lab.isConnected?.(target)) === false,
};

/** The faults that strike a component from outside. */
export const processFaults: readonly FaultKind[] = [
  processFault(
    {
      id: 'stop',
      summary: 'The component is asked to end.',
      capability: 'stop',
      describe: (target) => `${target} is stopped`,
    },
    { inject: (lab, target) => lab.stop(target), revert: (lab, target) => lab.start(target), active: isDown },
  ),
  processFault(
    {
      id: 'kill',
      summary: 'The component is killed.',
      capability: 'kill',
      describe: (target) => `${target} is killed`,
    },
    { inject: (lab, target) => lab.kill(target), revert: (lab, target) => lab.start(target), active: isDown },
  ),
  processFault(
    {
      id: 'pause',
      summary: 'The component hangs: it lives and does nothing.',
      capability: 'pause',
      describe: (target) => `${target} hangs`,
    },
    {
      inject: (lab, target) => lab.pause(target),
      revert: (lab, target) => lab.unpause(target),
      active: (state) => state === 'paused',
    },
  ),
  restartWithEnv as unknown as FaultKind,
  partition,
];
