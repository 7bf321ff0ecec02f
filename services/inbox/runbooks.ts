import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What to do about an alert, one Markdown file each, named after it. */
export class Runbooks {
  readonly #byName: ReadonlyMap<string, string>;

  private constructor(byName: ReadonlyMap<string, string>) {
    this.#byName = byName;
  }

  /** Reads all of a folder's `<Alert>.md`; without a folder there is none. @throws Error of one line. */
  static read(directory: string | undefined): Runbooks {
    if (directory === undefined) return new Runbooks(new Map());
    try {
      const names = readdirSync(directory)
        .flatMap((file) => /^([\w-]{1,100})\.md$/.exec(file)?.[1] ?? [])
        .sort();
      return new Runbooks(
        new Map(names.map((name) => [name, readFileSync(join(directory, `${name}.md`), 'utf8')])),
      );
    } catch (error) {
      throw new Error(`RUNBOOKS_DIRECTORY=${directory} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The Markdown. Names come from outside: only what was read at the start can be had. */
  get(name: string): string | undefined {
    return this.#byName.get(name);
  }
}
