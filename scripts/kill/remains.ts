import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FaultJournal } from '../../lab/faults/journal.ts';
import { allProcesses } from '../../lab/process/tree.ts';
import { isPortFree } from '../../lab/runtime/ports.ts';
import type { LabPaths } from '../../lab/state/paths.ts';

/** Every process of the machine that works in the lab's folder or names it, by any of the ways there are. */
export function processesNaming(paths: LabPaths): string[] {
  const read = (look: () => string): string => {
    try {
      return look();
    } catch {
      return '';
    }
  };
  const within = (path: string): boolean => `${path}/`.startsWith(`${paths.directory}/`);
  return allProcesses()
    .filter(({ pid }) => pid !== process.pid && pid !== process.ppid)
    .map(({ pid }) => ({
      pid,
      line: read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        .replaceAll('\0', ' ')
        .trim(),
      where: read(() => readlinkSync(`/proc/${pid}/cwd`)),
      told: read(() => readFileSync(`/proc/${pid}/environ`, 'utf8')),
    }))
    .filter(({ line, where, told }) =>
      [line, where, told].some((text) => text.split(/[\0 =:]/).some((word) => within(word))),
    )
    .map(({ pid, line, where }) => `${pid} ${line} in ${where}`);
}

/** JSON files that cannot be read, and faults that the journal still names. */
export function invalidFiles(paths: LabPaths): string[] {
  if (!existsSync(paths.directory)) return [];
  const files = readdirSync(paths.directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('data/') && name.endsWith('.json') && !name.includes('node_modules'))
    .map((name) => join(paths.directory, name));
  const broken = files.flatMap((path) => {
    try {
      if (statSync(path).isFile()) JSON.parse(readFileSync(path, 'utf8'));
      return [];
    } catch (error) {
      return [`${path}: ${(error as Error).message}`];
    }
  });
  const lines = existsSync(paths.eventsFile) ? readFileSync(paths.eventsFile, 'utf8').split('\n') : [];
  const cut = lines.filter((line, index) => {
    // A line that a kill cut short stands last; in the middle it would hide what follows.
    if (line === '' || index >= lines.length - 1) return false;
    try {
      JSON.parse(line);
      return false;
    } catch {
      return true;
    }
  });
  const { corrupt } = new FaultJournal(paths.faultsFile).read();
  return [
    ...broken,
    ...cut.map((line) => `${paths.eventsFile}: ${line.slice(0, 80)}`),
    ...(corrupt === undefined ? [] : [`${paths.faultsFile}: ${corrupt}`]),
  ];
}

/** What is left of a lab that was taken down. */
export async function remainsOf(paths: LabPaths, ports: readonly number[]): Promise<string[]> {
  const free = await Promise.all(ports.map(isPortFree));
  const beside = existsSync(paths.base) ? readdirSync(paths.base) : [];
  return [
    ...processesNaming(paths).map((line) => `process: ${line}`),
    ...ports.filter((_, index) => !free[index]).map((port) => `port ${port} is taken`),
    ...(existsSync(paths.lockFile) ? ['the lock stands'] : []),
    ...(existsSync(paths.directory) ? [`the folder stands: ${readdirSync(paths.directory).join(', ')}`] : []),
    ...beside.filter((name) => name.endsWith('.tmp')).map((name) => `left over: ${name}`),
  ];
}
