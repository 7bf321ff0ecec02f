import { CapabilityMissing, FaultInvalid, FaultUnknown } from '../errors.ts';
import type { RunningLab } from '../runtime/runtime.ts';
import { configOverlay } from './config-overlay.ts';
import { deployFault } from './deploy.ts';
import type { FaultKind, FaultSpec } from './fault.ts';
import { processFaults } from './process-faults.ts';
import { readOnly } from './read-only.ts';
import { serviceFaults } from './service-faults.ts';

/** Every kind of fault that the lab knows. */
export const faultCatalogue: readonly FaultKind[] = [
  ...serviceFaults,
  ...processFaults,
  readOnly,
  deployFault as unknown as FaultKind,
  configOverlay as unknown as FaultKind,
];

/** The kind of this name; `LAB_FAULT_UNKNOWN` otherwise. */
export function faultKind(id: string): FaultKind {
  const kind = faultCatalogue.find((one) => one.id === id);
  if (kind === undefined) throw new FaultUnknown(id, faultCatalogue.map((one) => one.id).join(', '));
  return kind;
}

/** A fault with its target and parameters checked and completed; `LAB_FAULT_INVALID` says which rule was broken. */
export function faultSpec(
  id: string,
  options: { readonly target?: string; readonly params?: object } = {},
): FaultSpec {
  const kind = faultKind(id);
  const target = options.target ?? kind.defaultTarget;
  if (!kind.targets.includes(target)) {
    throw new FaultInvalid(id, `target=${target}`, `it can strike ${kind.targets.join(', ')}`);
  }
  const parsed = kind.params.safeParse(options.params ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = issue.path.join('.');
    const given =
      name === '' ? JSON.stringify(options.params) : `${name}=${valueAt(options.params, issue.path)}`;
    throw new FaultInvalid(id, given, `${issue.message}; parameters: ${kind.paramsHelp}`);
  }
  return { kind: id, target, params: parsed.data };
}

/** Says at once what this runtime cannot do. */
export function assertCapable(lab: Pick<RunningLab, 'capabilities' | 'kind'>, spec: FaultSpec): void {
  const { capability } = faultKind(spec.kind);
  if (capability !== undefined && !lab.capabilities.has(capability)) {
    throw new CapabilityMissing(capability, lab.kind, `The fault "${spec.kind}" needs it; choose another.`);
  }
}

function valueAt(params: object | undefined, path: readonly PropertyKey[]): string {
  let value: unknown = params;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return String(value);
}
