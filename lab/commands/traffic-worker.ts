import type { Command } from 'commander';
import type { LabContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { type TrafficProfileName, trafficProfiles } from '../traffic/profiles.ts';

interface Options {
  url: string;
  profile: string;
  tally: string;
  seconds: string;
  tied?: boolean;
}

const longestSeconds = 1_800;

/** `traffic-worker`: the body of the traffic process; started by the lab, not by people. */
export function register(program: Command, context: LabContext): void {
  program
    .command('traffic-worker', { hidden: true })
    .requiredOption('--url <url>', 'the gateway')
    .requiredOption('--profile <name>', 'the load profile')
    .requiredOption('--tally <file>', 'where the counts go')
    .requiredOption('--seconds <seconds>', 'how long at most')
    .option('--tied', 'end when standard input ends')
    .action(async (options: Options) => {
      const seconds = Number(options.seconds);
      if (!(options.profile in trafficProfiles)) {
        throw new UsageError(
          `"${options.profile}" is not a load profile.`,
          `Name one of: ${Object.keys(trafficProfiles).join(', ')}.`,
        );
      }
      if (!(seconds > 0 && seconds <= longestSeconds)) {
        throw new UsageError(
          `--seconds ${options.seconds} is not a duration.`,
          `Give 1 to ${longestSeconds}.`,
        );
      }
      const ended = new AbortController();
      if (options.tied === true) {
        // The pipe closes when the command that started this process ends, however it ends.
        process.stdin.on('end', () => ended.abort()).on('error', () => ended.abort());
        process.stdin.resume();
      }
      const { runTrafficWorker } = await import('../traffic/worker.ts');
      await runTrafficWorker({
        url: options.url,
        profile: options.profile as TrafficProfileName,
        tallyFile: options.tally,
        durationSeconds: seconds,
        signal: AbortSignal.any([context.signal, ended.signal]),
      });
    });
}
