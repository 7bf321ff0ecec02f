import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { OncallError } from '../../stack/oncall.ts';
import { renderTemplate, TemplateError } from '../../stack/render.ts';
import type { Component, Placement } from '../../stack/topology.ts';
import { OncallInvalid, TemplateInvalid } from '../errors.ts';

/** What holds placeholders. Dashboards do not: `${…}` is Grafana's own syntax there. */
const templated = /\.(ya?ml|tmpl|conf|ini)$/;

/**
 * Renders the config folders of these components into `directory`. A file that a learner edited since it was written
 * stays as it is, until its template yields something new. Returns the hashes to remember for the next time.
 */
export function renderConfig(
  components: readonly Component[],
  options: {
    /** `stack/`. */
    readonly source: string;
    readonly directory: string;
    readonly placement: (component: Component) => Placement;
    readonly written: Readonly<Record<string, string>>;
  },
): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const component of components) {
    for (const folder of component.config) {
      for (const path of filesBelow(join(options.source, folder))) {
        const name = relative(options.source, path);
        const content = renderFile(path, name, component, options.placement(component));
        const hash = createHash('sha256').update(content).digest('hex');
        const target = join(options.directory, name);
        if (options.written[name] !== hash || !existsSync(target)) {
          mkdirSync(dirname(target), { recursive: true });
          writeFileSync(target, content);
        }
        hashes[name] = hash;
      }
    }
  }
  return hashes;
}

/** One file as the component finds it. */
export function renderFile(path: string, name: string, component: Component, placement: Placement): Buffer {
  const template = readFileSync(path);
  return templated.test(path)
    ? Buffer.from(render(name, template.toString('utf8'), component, placement))
    : template;
}

function render(name: string, template: string, component: Component, placement: Placement): string {
  try {
    const text = renderTemplate(template, placement);
    return component.finish?.[name]?.(text, placement) ?? text;
  } catch (error) {
    if (error instanceof OncallError)
      throw new OncallInvalid(`stack/${name}`, error.problems, { cause: error });
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateInvalid(`stack/${name}`, error.line, error.placeholder, error.rule, { cause: error });
  }
}

/** The files of a folder; a file is its own only one. */
export function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  if (statSync(directory).isFile()) return [directory];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/\.(ts|md)$/.test(name))
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}
