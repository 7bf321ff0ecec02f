import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../state/atomic-write.ts';
import type { FaultSpec } from './fault.ts';

/** Whose fault it is: a process that lives, an exercise that is open, or a person who wants it to stay. */
const owner = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('process'), pid: z.number().int(), startTime: z.string() }),
  z.object({ kind: z.literal('exercise'), id: z.string() }),
  z.object({ kind: z.literal('person') }),
]);

const entry = z.object({
  id: z.string(),
  kind: z.string(),
  target: z.string(),
  params: z.record(z.string(), z.unknown()),
  owner,
  injectedAt: z.string(),
  expiresAt: z.string(),
});

const file = z.object({ version: z.literal(1), faults: z.array(entry) });

export type FaultOwner = z.output<typeof owner>;
export type JournalEntry = z.output<typeof entry>;

/**
 * The undo, written before the do: `.lab/<name>/faults.json` names every fault that may be active. It is on disk
 * before anything is injected, and an entry goes only after its fault was seen gone. All operations are synchronous:
 * no signal falls between reading and writing.
 */
export class FaultJournal {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** What may be active. A file that cannot be understood is reported by `corrupt`, and read as empty. */
  read(): { readonly faults: readonly JournalEntry[]; readonly corrupt?: string } {
    if (!existsSync(this.path)) return { faults: [] };
    try {
      return { faults: file.parse(JSON.parse(readFileSync(this.path, 'utf8'))).faults };
    } catch (error) {
      return {
        faults: [],
        corrupt: error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error),
      };
    }
  }

  /** Adds the entry, or replaces the one of the same ID. On disk when this returns. */
  put(added: JournalEntry): void {
    this.#write([...this.read().faults.filter((one) => one.id !== added.id), added]);
  }

  remove(id: string): void {
    const { faults } = this.read();
    if (faults.some((one) => one.id === id)) this.#write(faults.filter((one) => one.id !== id));
  }

  /** Forgets all, also what could not be understood. Only after the targets were asked. */
  clear(): void {
    if (existsSync(this.path)) this.#write([]);
  }

  #write(faults: readonly JournalEntry[]): void {
    writeFileAtomically(this.path, `${JSON.stringify({ version: 1, faults }, null, 2)}\n`);
  }
}

/** One kind on one target is one fault: injecting it again replaces it. */
export function faultId(spec: Pick<FaultSpec, 'kind' | 'target'>): string {
  return `${spec.kind}@${spec.target}`;
}
