import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTwoFilesPatch, diffLines } from 'diff';
import { WorkspaceMissing } from '../errors.ts';
import { writeFileAtomically } from '../state/atomic-write.ts';
import { assertConfigContent, assertConfigSize } from './config-file.ts';

/** Where in the course a file belongs. */
export interface WorkspacePlace {
  readonly exercise: string;
  readonly act: string;
}

/** What an edit changes. */
export interface ContentChange {
  readonly added: number;
  readonly removed: number;
  /** A unified diff. */
  readonly patch: string;
}

/**
 * The learner's copies of the files that an exercise lets them edit: `.lab/<name>/workspace/<exercise>/<act>/<path>`.
 * Nothing reads them but `exercise apply`.
 */
export class Workspace {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  file({ exercise, act }: WorkspacePlace, path: string): string {
    return join(this.directory, exercise, act, path);
  }

  /** Lays a file there unless it is there already: an edit is never overwritten. Returns its place. */
  lay(place: WorkspacePlace, path: string, content: string): string {
    const target = this.file(place, path);
    if (!existsSync(target)) {
      mkdirSync(dirname(target), { recursive: true });
      writeFileAtomically(target, content);
    }
    return target;
  }

  /** @throws LAB_WORKSPACE_MISSING, LAB_CONFIG_INVALID */
  read(place: WorkspacePlace, path: string): string {
    const target = this.file(place, path);
    const bytes = statSync(target, { throwIfNoEntry: false })?.size;
    if (bytes === undefined) throw new WorkspaceMissing(target, place.exercise);
    // Asked before it is read: a file may be larger than the memory.
    assertConfigSize(target, bytes);
    const content = readFileSync(target, 'utf8');
    assertConfigContent(target, content);
    return content;
  }

  /** Forgets the files of an exercise. */
  clear(exercise: string): void {
    rmSync(join(this.directory, exercise), { recursive: true, force: true });
  }
}

/** What becomes different between two versions of a file. */
export function contentChange(path: string, before: string, after: string): ContentChange {
  const parts = diffLines(before, after);
  const count = (kind: 'added' | 'removed'): number =>
    parts.reduce((sum, part) => sum + (part[kind] ? part.count : 0), 0);
  return {
    added: count('added'),
    removed: count('removed'),
    patch: createTwoFilesPatch(`${path} (in force)`, `${path} (workspace)`, before, after, '', '', {
      context: 2,
    }),
  };
}
