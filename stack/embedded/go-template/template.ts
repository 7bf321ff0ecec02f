import { builtins } from './builtins.ts';
import { type Compiled, compile, type MissingKey, type State } from './compile.ts';
import { TemplateError } from './errors.ts';
import type { GoFunctions } from './functions.ts';
import { HtmlEscaper } from './html-escaper.ts';
import { parse } from './parser.ts';
import { quote } from './printf.ts';

export interface TemplateOptions {
  /** The name in messages: `template: name:1:3: …`. */
  readonly name: string;
  /** Functions beside Go's own; one of the same name replaces Go's. */
  readonly functions?: GoFunctions;
  /** What a missing map key gives: no value (Go's default), the empty string, or an error. */
  readonly missingKey?: MissingKey;
  /** Templates defined elsewhere that this text may call; its own definitions come before them. */
  readonly base?: GoTemplate;
  readonly maxOutputCharacters?: number;
  readonly maxSteps?: number;
}

export interface ExecuteOptions {
  /** Runs the template of this name instead of the text's own. */
  readonly template?: string;
  /** Escapes values for the place in the HTML where they stand, as Go's html/template does. */
  readonly escape?: 'html';
}

/** A parsed and compiled template, ready to run any number of times. */
export class GoTemplate {
  readonly name: string;
  readonly #templates: Map<string, Compiled>;
  readonly #maxOutput: number;
  readonly #maxSteps: number;

  constructor(templates: Map<string, Compiled>, options: TemplateOptions) {
    this.name = options.name;
    this.#templates = templates;
    this.#maxOutput = options.maxOutputCharacters ?? 8 << 20;
    this.#maxSteps = options.maxSteps ?? 1_000_000;
  }

  /** The names of all templates that may be called. */
  names(): string[] {
    return [...this.#templates.keys()];
  }

  lookup(name: string): Compiled | undefined {
    return this.#templates.get(name);
  }

  /** Runs the template. Throws {@link TemplateError} in Go's words. */
  execute(data: unknown, options: ExecuteOptions = {}): string {
    const name = options.template ?? this.name;
    const entry = this.#templates.get(name);
    if (entry === undefined)
      throw new TemplateError(
        `template: no template ${quote(name)} associated with template ${quote(this.name)}`,
      );
    const state: State = {
      out: '',
      variables: new Array(entry.slots),
      depth: 0,
      steps: 0,
      maxSteps: this.#maxSteps,
      maxOutput: this.#maxOutput,
      escaper: options.escape === 'html' ? new HtmlEscaper() : undefined,
      lookup: (wanted) => this.#templates.get(wanted),
    };
    state.variables[0] = data;
    try {
      entry.run(state, data);
    } catch (error) {
      if (error instanceof RangeError)
        throw new TemplateError(`template: ${this.name}: exceeded maximum template depth`, { cause: error });
      throw error;
    }
    return state.out;
  }
}

/** Parses a Go text/template. Throws {@link TemplateError} with Go's message when the text is wrong. */
export function parseTemplate(text: string, options: TemplateOptions): GoTemplate {
  const functions = options.functions ?? {};
  const hasFunction = (name: string) => Object.hasOwn(functions, name) || Object.hasOwn(builtins, name);
  const templates = new Map<string, Compiled>();
  for (const name of options.base?.names() ?? []) {
    const inherited = options.base?.lookup(name);
    if (inherited !== undefined) templates.set(name, inherited);
  }
  for (const [name, definition] of parse(text, options.name, hasFunction)) {
    const blank = definition.body.every((node) => node.kind === 'text' && node.text.trim() === '');
    if (blank && templates.has(name) && name !== options.name) continue;
    templates.set(name, compile(definition, { functions, missingKey: options.missingKey ?? 'default' }));
  }
  return new GoTemplate(templates, options);
}
