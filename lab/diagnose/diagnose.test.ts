import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { topology } from '../../stack/topology.ts';
import { projectRoot } from '../root.ts';
import { assertDiagnosable, diagnosable } from './diagnose.ts';
import { renderDiagnosis } from './render.ts';

test('every component, the database that takes writes and the network have a name; no other has', () => {
  expect(diagnosable).toEqual([...topology.map(({ id }) => id), 'postgres', 'network']);
  expect(() => assertDiagnosable('postgres')).not.toThrow();
  expect(() => assertDiagnosable('api-4')).toThrow(
    /^"api-4" is not a component of the lab\. Name one of: gateway, .*postgres, network\.$/,
  );
});

test('nothing that is read here knows what was broken on purpose', () => {
  const folder = join(projectRoot, 'lab/diagnose');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      visit(resolve(dirname(file), target!));
    }
  };
  for (const name of sources) visit(join(folder, name));
  const names = [...reached].map((file) => relative(projectRoot, file));
  expect(names).toContain('lab/observe/prometheus-client.ts');
  expect(names.filter((name) => /^lab\/(faults|events|exercise|incident|traffic)\//.test(name))).toEqual([]);
});

test('a line is a mark, a subject, what was found, and after an arrow what is next; the sum comes last', () => {
  const lines = renderDiagnosis(
    {
      about: 'lab',
      at: '',
      sections: [
        {
          title: 'The worst first',
          findings: [
            { subject: 'api-2', verdict: 'wrong', text: 'crashed', next: 'npm run lab -- logs api-2' },
            { subject: 'replication', verdict: 'unknown', text: 'away' },
            { subject: 'api-1', verdict: 'notable', text: '1 \u001b[2Jerror' },
            { subject: 'api-3', verdict: 'ok', text: 'well' },
          ],
        },
      ],
    },
    createColors(false),
  );
  expect(lines).toEqual([
    'The worst first',
    '✗ api-2        crashed  → npm run lab -- logs api-2',
    '? replication  away',
    '! api-1        1 \\u001b[2Jerror',
    '✓ api-3        well',
    '',
    '1 wrong, 1 could not be measured, 1 worth a look.',
  ]);
});
