// Kills commands and components of a lab of its own at moments of chance, and looks whether the next command puts all
// right: no fault, no process, no port, no lock, valid files. Run: npm run test:kill [-- --rounds 50 --seed 1 --only 7]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { minimist } from 'zx';
import { LabCli } from '../../lab/exercise/testing/lab-cli.ts';
import { FaultJournal } from '../../lab/faults/journal.ts';
import { choosePortOffset, wantedPorts } from '../../lab/runtime/ports.ts';
import { topology } from '../../stack/topology.ts';
import { describeRound, planRounds, type Round } from './plan.ts';
import { invalidFiles, remainsOf } from './remains.ts';

const options = minimist(process.argv.slice(2), { default: { rounds: 50, seed: 1 } });
const endsWithinMs = 240_000;
const wanted = wantedPorts(topology);
const base = 3_000;
const { offset } = await choosePortOffset(
  wanted.map((one) => ({ ...one, port: one.port + base })),
  { pinned: undefined },
);
const cli = new LabCli('kill', { LAB_PORT_OFFSET: String(base + offset) });
const ports = wanted.map(({ port }) => port + base + offset);

/** Runs a command to its end; one that does not end is a finding, and is ended. */
async function run(args: readonly string[], accepted: readonly (number | null)[] = [0]): Promise<string[]> {
  const { child, ended } = cli.start(args);
  const hung = sleep(endsWithinMs, 'hung' as const, { ref: false });
  const result = await Promise.race([ended, hung]);
  if (result === 'hung') {
    child.kill('SIGKILL');
    await ended;
    return [`${args.join(' ')} did not end within ${endsWithinMs / 1000} s`];
  }
  if (accepted.includes(result.code)) return [];
  return [`${args.join(' ')} ended with ${result.code}: ${result.stderr.trim().split('\n').at(-1)}`];
}

function componentPid(id: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(cli.paths.run, `${id}.pid`), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

async function kill(round: Round): Promise<string[]> {
  const { child, ended } = cli.start(round.action.args);
  await Promise.race([sleep(round.afterMs), ended]);
  if ('command' in round.victim) {
    child.kill(round.victim.command);
  } else {
    const pid = componentPid(round.victim.component);
    // The postmaster alone, as the kernel would under memory pressure: its children end by themselves.
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
  const result = await Promise.race([ended, sleep(endsWithinMs, undefined, { ref: false })]);
  if (result !== undefined) return [];
  child.kill('SIGKILL');
  await ended;
  return [`${round.action.args.join(' ')} did not end within ${endsWithinMs / 1000} s of the kill`];
}

async function prepare({ action: { from } }: Round): Promise<string[]> {
  if (from === 'down') return run(['down']);
  const problems = await run(['up']);
  // In the terms of the campaign an action before the kill is no finding when it fails: what counts comes after.
  if (typeof from !== 'string') for (const args of from) await run(args, [0, 1, 2]);
  return problems;
}

/** What has to hold after the next commands have put things right. */
async function repaired(round: Round): Promise<string[]> {
  const problems = [
    ...(await run(['up'])),
    ...(await run(['heal'])),
    ...(await run(['exercise', 'reset', '01'])),
  ];
  problems.push(...invalidFiles(cli.paths));
  const { faults } = new FaultJournal(cli.paths.faultsFile).read();
  problems.push(...faults.map(({ id }) => `the journal has ${id}`));
  problems.push(...(await cli.activeFaults()).map((fault) => `active: ${fault}`));
  if (round.down || typeof round.action.from !== 'string') {
    problems.push(...(await run(['down'])), ...(await remainsOf(cli.paths, ports)));
  }
  return problems;
}

let unclean = 0;
let done = 0;
try {
  for (const round of planRounds(Number(options.rounds), Number(options.seed))) {
    if (options.only !== undefined && round.number !== Number(options.only)) continue;
    const began = Date.now();
    let problems: string[];
    try {
      problems = [...(await prepare(round)), ...(await kill(round)), ...(await repaired(round))];
    } catch (error) {
      problems = [error instanceof Error ? error.message : String(error)];
    }
    done += 1;
    if (problems.length > 0) unclean += 1;
    console.log(
      `${problems.length === 0 ? 'clean  ' : 'UNCLEAN'} ${String(round.number).padStart(4)} ${describeRound(round)} (${Math.round((Date.now() - began) / 1000)} s)`,
    );
    for (const problem of problems) console.log(`         ${problem}`);
    // The next round begins with nothing of this one.
    if (problems.length > 0) await run(['down']);
  }
} finally {
  const last = [...(await run(['down'])), ...(await remainsOf(cli.paths, ports))];
  if (last.length > 0) unclean += 1;
  for (const problem of last) console.log(`after the last round: ${problem}`);
  await cli.remove();
}
console.log(
  `${done} rounds, ${unclean} not clean (seed ${options.seed}; one of them again: --only <number>)`,
);
process.exit(unclean === 0 && done > 0 ? 0 : 1);
