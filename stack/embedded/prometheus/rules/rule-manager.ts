import type { GroupDefinition } from './rule-file.ts';
import { type GroupContext, RuleGroup } from './rule-group.ts';

/** All rule groups, kept in step with the rule files. */
export class RuleManager {
  #groups = new Map<string, RuleGroup>();

  /** In order of file and name. */
  get groups(): RuleGroup[] {
    return [...this.#groups.values()].sort((a, b) => {
      const [x, y] = [
        `${a.definition.file}\u0000${a.definition.name}`,
        `${b.definition.file}\u0000${b.definition.name}`,
      ];
      return x < y ? -1 : x > y ? 1 : 0;
    });
  }

  /**
   * Takes new definitions. A group that did not change goes on; one that did inherits the pending and firing alerts of
   * its predecessor; what is gone is marked stale. `environmentChanged` says that even equal groups must be rebuilt.
   */
  apply(
    definitions: readonly GroupDefinition[],
    defaults: { intervalMs: number; queryOffsetMs: number },
    context: GroupContext,
    environmentChanged: boolean,
  ): void {
    const next = new Map<string, RuleGroup>();
    for (const definition of definitions) {
      const key = `${definition.file};${definition.name}`;
      const current = this.#groups.get(key);
      const group = new RuleGroup(definition, defaults, context);
      if (current !== undefined && !environmentChanged && current.fingerprint === group.fingerprint) {
        next.set(key, current);
        continue;
      }
      current?.stop();
      if (current !== undefined) group.inherit(current);
      next.set(key, group);
      group.start();
    }
    for (const [key, group] of this.#groups) {
      if (next.has(key)) continue;
      group.stop();
      group.markStale(Date.now());
    }
    this.#groups = next;
  }

  stop(): void {
    for (const group of this.#groups.values()) group.stop();
  }
}
