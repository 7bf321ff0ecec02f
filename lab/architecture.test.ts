import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from './root.ts';

/**
 * What each part may import. The embedded servers are programs to the lab, no library: nobody imports them. What the lab and those
 * programs share with the services is the contract.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  exercises: ['exercises', 'lab', 'stack'],
  lab: ['lab', 'stack', 'services/contract'],
  services: ['services', 'services/contract'],
  'services/contract': ['services/contract'],
  stack: ['stack'],
  'stack/embedded': ['stack/embedded', 'services/contract'],
};

function partOf(path: string): string {
  const within = ['stack/embedded', 'services/contract'].find((part) => path.startsWith(`${part}/`));
  return within ?? path.split('/')[0] ?? '';
}

function importsOf(file: string): string[] {
  const source = readFileSync(join(projectRoot, file), 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(projectRoot, resolve(projectRoot, dirname(file), match[1] ?? '')),
  );
}

const files = ['exercises', 'lab', 'services', 'stack'].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith('.ts')),
);

test('dependencies point one way: exercises -> lab -> stack, and the services stand alone', () => {
  // The tests of the shipped config and of one part against another may look further than the parts themselves.
  const sources = files.filter((file) => !/\.test\.ts$|\/(?:testing\/|test-)[^/]*\.ts$/.test(file));
  expect(sources.length).toBeGreaterThan(100);
  const violations = sources.flatMap((file) =>
    importsOf(file)
      .filter((target) => !allowed[partOf(file)]?.includes(partOf(target)))
      .map((target) => `${file} -> ${target}`),
  );
  expect(violations).toEqual([]);
});

/** A walk over a tree of expressions calls itself through the file of every sort of node. */
const recursive = 'stack/embedded/prometheus/promql/eval/';

/** Files that reach each other by their imports, types included (Tarjan's strongly connected components). */
function circles(): string[][] {
  const known = new Set(files);
  const targets = new Map(files.map((file) => [file, importsOf(file).filter((target) => known.has(target))]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    const number = order.size;
    order.set(file, number);
    lowest.set(file, number);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== number) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.toSorted());
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}

test('no files import each other in a circle, but for the evaluator of PromQL, which is recursive', () => {
  const found = circles();
  expect(found.filter((circle) => !circle.every((file) => file.startsWith(recursive)))).toEqual([]);
  expect(found.flat().map((file) => file.slice(recursive.length))).toEqual([
    'aggregate.ts',
    'binary.ts',
    'call.ts',
    'evaluator.ts',
    'histogram.ts',
    'info.ts',
    'select.ts',
  ]);
});
