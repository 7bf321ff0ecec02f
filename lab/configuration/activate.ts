import { ConfigRejected } from '../errors.ts';
import type { ComponentId, RunningLab } from '../runtime/runtime.ts';

/** These read their files again when they are asked to; the others only when they start. */
const reloading: ReadonlySet<ComponentId> = new Set(['prometheus', 'alertmanager']);

/** Whether a component must be restarted to read its files. */
export function readsWhenStarted(component: ComponentId): boolean {
  return !reloading.has(component);
}

const reloadWithinMs = 20_000;

/** What a real Prometheus answers when only its log has the reason. */
const reasonInLog = /one or more errors occurred/;

/**
 * Makes a component read its files again. Resolves when it has taken them.
 * @throws LAB_CONFIG_REJECTED with the component's words; LAB_COMPONENT_FAILED when it does not come up again
 */
export async function activate(lab: RunningLab, component: ComponentId): Promise<void> {
  if (readsWhenStarted(component)) return lab.restart(component);
  const { url } = lab.address(component);
  const response = await fetch(`${url}/-/reload`, {
    method: 'POST',
    signal: AbortSignal.timeout(reloadWithinMs),
  });
  const answer = (await response.text()).trim();
  if (response.ok) return;
  const words = reasonInLog.test(answer) ? ((await loggedReason(lab, component)) ?? answer) : answer;
  throw new ConfigRejected(component, 'its configuration', words);
}

/** The last error that the component wrote. */
async function loggedReason(lab: RunningLab, component: ComponentId): Promise<string | undefined> {
  const errors: string[] = [];
  for await (const line of lab.logs(component, { tailLines: 20 })) {
    if (/level=error|level=ERROR|"level":"error"/.test(line)) errors.push(line);
  }
  // The last one says that reloading failed, the one before it why.
  return (errors.findLast((line) => !reasonInLog.test(line)) ?? errors.at(-1))?.trim();
}
