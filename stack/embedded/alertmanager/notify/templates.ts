import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { type GoTemplate, parseTemplate } from '../../go-template/index.ts';
import { defaultTemplates } from './default-templates.ts';
import { templateFunctions } from './template-functions.ts';

const cacheSize = 500;

/** The templates of a configuration: the default ones and those of its `templates:` files. */
export class Templates {
  readonly #base: GoTemplate;
  readonly #cache = new Map<string, GoTemplate>();

  private constructor(base: GoTemplate) {
    this.#base = base;
  }

  /** Reads the files that match the patterns, relative to the configuration's folder. Throws Go's parse errors. */
  static load(patterns: readonly string[], configFile: string): Templates {
    const functions = templateFunctions;
    let base = parseTemplate(defaultTemplates, { name: 'default.tmpl', functions, missingKey: 'zero' });
    for (const pattern of patterns)
      for (const file of expand(isAbsolute(pattern) ? pattern : join(dirname(configFile), pattern)))
        base = parseTemplate(readFileSync(file, 'utf8'), {
          name: basename(file),
          functions,
          missingKey: 'zero',
          base,
        });
    return new Templates(base);
  }

  /** A text with its actions carried out. */
  text(template: string, data: unknown): string {
    return template.includes('{{') ? this.#compile(template).execute(data) : template;
  }

  /** The same for HTML: values are escaped for where they stand. */
  html(template: string, data: unknown): string {
    return template === '' ? '' : this.#compile(template).execute(data, { escape: 'html' });
  }

  #compile(text: string): GoTemplate {
    let template = this.#cache.get(text);
    if (template === undefined) {
      template = parseTemplate(text, {
        name: '',
        functions: templateFunctions,
        missingKey: 'zero',
        base: this.#base,
      });
      if (this.#cache.size >= cacheSize) this.#cache.clear();
      this.#cache.set(text, template);
    }
    return template;
  }
}

/** Files of one folder that match `*`, `?` and `[…]` in the last part of a pattern. */
function expand(pattern: string): string[] {
  const folder = dirname(pattern);
  const expression = new RegExp(
    `^${basename(pattern)
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
  try {
    return readdirSync(folder)
      .filter((name) => expression.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    // As with Go's Glob, a folder that is not there matches nothing.
    return [];
  }
}
