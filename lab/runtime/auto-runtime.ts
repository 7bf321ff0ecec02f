import { ImageMissing } from '../errors.ts';
import type {
  Capability,
  ComponentStatus,
  DownOptions,
  RunningLab,
  Runtime,
  RuntimeKind,
  UpOptions,
} from './runtime.ts';

/**
 * Docker where its images can be had, the embedded runtime otherwise: an engine without a registry (a train, a closed
 * network) must not keep anybody from the lab. Says which it is, and why, when it starts something.
 */
export class AutoRuntime implements Runtime {
  #current: Runtime;
  readonly #embedded: () => Runtime;
  readonly #why: string;
  readonly #note: (text: string) => void;

  constructor(docker: Runtime, embedded: () => Runtime, why: string, note: (text: string) => void) {
    this.#current = docker;
    this.#embedded = embedded;
    this.#why = why;
    this.#note = note;
  }

  get kind(): RuntimeKind {
    return this.#current.kind;
  }

  get capabilities(): ReadonlySet<Capability> {
    return this.#current.capabilities;
  }

  async up(options?: UpOptions): Promise<RunningLab> {
    this.#note(this.#why);
    try {
      return await this.#current.up(options);
    } catch (error) {
      if (!(error instanceof ImageMissing)) throw error;
      this.#note(`${error.message}. Going on without Docker: runtime embedded.`);
      this.#current = this.#embedded();
      return this.#current.up(options);
    }
  }

  attach(): Promise<RunningLab | undefined> {
    return this.#current.attach();
  }

  down(options?: DownOptions): Promise<void> {
    return this.#current.down(options);
  }

  status(): Promise<ComponentStatus[]> {
    return this.#current.status();
  }
}
