import { z } from 'zod';
import {
  describeParameters,
  type FaultValues,
  faultSchema,
  type ServiceFaultName,
} from '../../services/contract/fault-parameters.ts';
import { HttpJson } from '../observe/http-json.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';
import type { FaultContext, FaultKind, FaultParams } from './fault.ts';
import { isDown, stateOf } from './target-state.ts';

const active = z.object({
  faults: z.array(
    z.object({
      kind: z.string(),
      params: z.record(z.string(), z.unknown()).default({}),
      injectedAt: z.string(),
      expiresAt: z.string(),
    }),
  ),
});

/** A fault as the service itself says it. */
export type ActiveServiceFault = z.output<typeof active>['faults'][number];

/** The admin port of a service: what faults are on, and switching them. */
export class FaultAdmin {
  readonly #http: HttpJson;

  constructor(lab: Pick<RunningLab, 'address' | 'token'>, target: ComponentId) {
    this.#http = new HttpJson(`${target} (admin port)`, lab.address(target, 'admin', 'host').url, {
      authorization: `Bearer ${lab.token}`,
    });
  }

  async list(signal?: AbortSignal): Promise<ActiveServiceFault[]> {
    return (await this.#http.json('/faults', active, options(signal))).faults;
  }

  /** Switches it on, or renews it. */
  async put(
    kind: string,
    body: FaultParams & { readonly ttlMs: number },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#http.text(`/faults/${kind}`, { method: 'PUT', body, ...options(signal) });
  }

  async delete(kind: string, signal?: AbortSignal): Promise<void> {
    await this.#http.text(`/faults/${kind}`, { method: 'DELETE', ...options(signal) });
  }
}

function options(signal: AbortSignal | undefined): { signal?: AbortSignal; timeoutMs: number } {
  return { timeoutMs: 3_000, ...(signal === undefined ? {} : { signal }) };
}

/**
 * A fault that the service carries inside: it is switched over the admin port, and the service ends it at its time to
 * live even when the lab is gone. A target that does not answer holds no such fault: it lives in the process's memory.
 */
export function serviceFault<Name extends ServiceFaultName>(
  about: Pick<FaultKind<FaultValues<Name>>, 'summary' | 'targets' | 'defaultTarget' | 'describe'> & {
    readonly id: Name;
  },
): FaultKind {
  const gone = async ({ lab }: FaultContext, target: ComponentId): Promise<boolean> =>
    isDown(await stateOf(lab, target));
  return {
    ...(about as unknown as Pick<FaultKind, 'id' | 'summary' | 'targets' | 'defaultTarget' | 'describe'>),
    params: faultSchema(about.id, { fromText: true }) as unknown as FaultKind['params'],
    paramsHelp: describeParameters(about.id),
    endsByItself: true,
    async inject({ lab, signal }, target, params, ttlMs) {
      await new FaultAdmin(lab, target).put(about.id, { ...params, ttlMs }, signal);
    },
    async revert(context, target) {
      try {
        await new FaultAdmin(context.lab, target).delete(about.id, context.signal);
      } catch (error) {
        if (!(await gone(context, target))) throw error;
      }
    },
    async isActive(context, target) {
      try {
        const faults = await new FaultAdmin(context.lab, target).list(context.signal);
        return faults.some((fault) => fault.kind === about.id);
      } catch (error) {
        if (await gone(context, target)) return false;
        throw error;
      }
    },
  };
}
