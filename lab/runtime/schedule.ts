import type { Component } from '../../stack/topology.ts';

/**
 * Runs `work` for every component as soon as those it depends on are done, all others in parallel. `awaited` settles when
 * those are done that its readiness waits for. The first failure aborts the rest and is thrown when nothing runs any more.
 */
export async function inDependencyOrder(
  components: readonly Component[],
  work: (component: Component, signal: AbortSignal, awaited: Promise<unknown>) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const stop = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  const done = new Map<string, Promise<void>>();
  const run = (component: Component): Promise<void> => {
    const known = done.get(component.id);
    if (known !== undefined) return known;
    const dependencies = components.filter((one) => component.dependsOn.includes(one.id));
    const waitsFor = components.filter((one) => component.readyAfter?.includes(one.id));
    const promise = (async () => {
      await Promise.all(dependencies.map(run));
      stop.throwIfAborted();
      await work(component, stop, Promise.allSettled(waitsFor.map(run)));
    })();
    done.set(component.id, promise);
    promise.catch((error: unknown) => failure.abort(error));
    return promise;
  };
  await Promise.allSettled(components.map(run));
  signal?.throwIfAborted();
  failure.signal.throwIfAborted();
}

/** Components in an order in which each stands after those that depend on it: the order to stop them in. */
export function stopOrder(components: readonly Component[]): Component[][] {
  const depth = new Map<string, number>();
  const depthOf = (component: Component): number => {
    const known = depth.get(component.id);
    if (known !== undefined) return known;
    const dependencies = components.filter((one) => component.dependsOn.includes(one.id));
    const value = 1 + Math.max(-1, ...dependencies.map(depthOf));
    depth.set(component.id, value);
    return value;
  };
  const levels: Component[][] = [];
  for (const component of components) {
    const level = depthOf(component);
    levels[level] ??= [];
    levels[level].push(component);
  }
  return levels.reverse();
}
