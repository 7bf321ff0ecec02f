import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { topology } from '../../stack/topology.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../errors.ts';
import { findOnPath } from '../process/find-on-path.ts';
import { projectRoot } from '../root.ts';
import { choosePortOffset, pinnedOffset, wantedPorts } from '../runtime/ports.ts';
import { Workshop } from '../workshop.ts';
import type { Finding } from './finding.ts';
import { postgresFinding } from './postgres.ts';

/** Looks at everything the lab needs of this machine. Changes nothing. */
export async function runDoctor(context: LabContext): Promise<Finding[]> {
  const findings: Finding[] = [
    node(),
    platform(),
    folder(context),
    build(),
    postgresFinding(projectRoot, context.paths.base),
    memory(),
    disk(),
  ];
  findings.push(await ports(context), await state(context), ...(await connections(context)), native(context));
  return findings;
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return enough
    ? { subject: 'Node.js', verdict: 'ok', detail: process.versions.node }
    : {
        subject: 'Node.js',
        verdict: 'wrong',
        detail: `${process.versions.node} is too old.`,
        remedy: 'Install 20.19 or newer.',
      };
}

function platform(): Finding {
  const detail = `${process.platform} ${process.arch}, ${availableParallelism()} processors`;
  return process.platform === 'win32'
    ? { subject: 'System', verdict: 'wrong', detail: `${detail}.`, remedy: 'Run the lab inside WSL.' }
    : { subject: 'System', verdict: 'ok', detail };
}

function folder({ paths }: LabContext): Finding {
  let path = paths.directory;
  while (!existsSync(path)) path = dirname(path);
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return { subject: 'Folder', verdict: 'ok', detail: `${paths.base} can be written` };
  } catch {
    return {
      subject: 'Folder',
      verdict: 'wrong',
      detail: `${path} cannot be written.`,
      remedy: 'Give yourself write access, or clone the project elsewhere.',
    };
  }
}

function build(): Finding {
  const missing = topology
    .map(({ program }) => program)
    .filter((program) => program.kind === 'node')
    .map(({ bundle }) => bundle)
    .filter(
      (bundle, index, all) => all.indexOf(bundle) === index && !existsSync(join(projectRoot, 'dist', bundle)),
    );
  return missing.length === 0
    ? { subject: 'Build', verdict: 'ok', detail: 'complete' }
    : {
        subject: 'Build',
        verdict: 'wrong',
        detail: `missing ${missing.join(', ')}.`,
        remedy: 'Build it: npm run setup',
      };
}

function memory(): Finding {
  const free = Math.round(freemem() / 1024 / 1024);
  return free >= 1500
    ? { subject: 'Memory', verdict: 'ok', detail: `${free} MB free` }
    : { subject: 'Memory', verdict: 'note', detail: `${free} MB free; the whole lab takes about 900.` };
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(projectRoot);
  const free = Math.round((bavail * bsize) / 1024 / 1024);
  return free >= 500
    ? { subject: 'Disk', verdict: 'ok', detail: `${free} MB free` }
    : { subject: 'Disk', verdict: 'wrong', detail: `${free} MB free.`, remedy: 'Make room for 500 MB.' };
}

async function ports(context: LabContext): Promise<Finding> {
  const subject = 'Ports';
  try {
    const lab = await (await context.runtime()).attach();
    if (lab !== undefined) return { subject, verdict: 'ok', detail: 'held by the running lab' };
    const wanted = wantedPorts(topology);
    const { offset, taken } = await choosePortOffset(wanted, {
      pinned: pinnedOffset(context.environment, wanted),
    });
    return taken === undefined
      ? { subject, verdict: 'ok', detail: offset === 0 ? 'all free' : `all free at offset ${offset}` }
      : {
          subject,
          verdict: 'note',
          detail: `${taken.port} (${taken.component}) is taken; the lab would move by ${offset}.`,
        };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { subject, verdict: 'wrong', detail: error.message };
  }
}

async function state(context: LabContext): Promise<Finding> {
  const subject = 'Lab';
  try {
    const components = await (await context.runtime()).status();
    const running = components.filter((one) => one.ready).length;
    const crashed = components.filter((one) => one.state === 'crashed').map((one) => one.id);
    if (crashed.length > 0) {
      return {
        subject,
        verdict: 'note',
        detail: `crashed: ${crashed.join(', ')}.`,
        remedy: 'Repair: npm run lab -- up',
      };
    }
    return {
      subject,
      verdict: 'ok',
      detail: running === 0 ? 'does not run' : `${running} of ${components.length} components ready`,
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { subject, verdict: 'wrong', detail: error.message };
  }
}

/** Of a running lab: whether what the exercises rely on works between its components. */
async function connections(context: LabContext): Promise<Finding[]> {
  const subject = 'Connections';
  try {
    const lab = await (await context.runtime()).attach();
    if (lab === undefined) return [];
    const workshop = new Workshop(context, lab);
    const broken = await workshop.brokenConnections();
    if (broken.length === 0) {
      return [
        { subject, verdict: 'ok', detail: 'replication, scraping, alerts, logs and spans: all arrive' },
      ];
    }
    const onPurpose = workshop.brokenOnPurpose();
    return broken.map(({ claim, problem, component }) => ({
      subject,
      verdict: onPurpose ? 'note' : 'wrong',
      detail: `does not hold: ${claim} (${problem}).`,
      remedy: onPurpose ? 'Something is broken on purpose.' : `Look at it: npm run lab -- logs ${component}`,
    }));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [{ subject, verdict: 'wrong', detail: error.message }];
  }
}

function native({ environment }: LabContext): Finding {
  const found = topology
    .map(({ native }) => native && findOnPath(native.binaries, environment.PATH ?? ''))
    .filter((path) => path !== undefined);
  return {
    subject: 'Real binaries',
    verdict: 'ok',
    detail:
      found.length === 0
        ? 'none on PATH; the embedded ones are used'
        : `${found.join(', ')} (used with --native)`,
  };
}
