/** One command of the lab that a round kills, or kills a component under. */
export interface Action {
  readonly args: readonly string[];
  /** What the lab is before: not there, up, or up after these commands. */
  readonly from: 'down' | 'up' | readonly (readonly string[])[];
  /** How long the command takes on a quiet machine: the moment of the kill is drawn from it. */
  readonly spanMs: number;
}

const slow = ['break', 'slow-queries', '--target', 'api-1'];

/** Every command that changes something, in every state that matters to it, and some that only look. */
export const actions: readonly Action[] = [
  // Twice each: most of what can go wrong is here, above all in the first second.
  { args: ['up'], from: 'down', spanMs: 900 },
  { args: ['up'], from: 'down', spanMs: 6_000 },
  { args: ['down'], from: 'up', spanMs: 1_200 },
  { args: ['down', '--keep-data'], from: 'up', spanMs: 1_200 },
  { args: ['up'], from: [['down', '--keep-data']], spanMs: 4_000 },
  { args: ['up'], from: [['break', 'kill', '--target', 'postgres-primary']], spanMs: 3_000 },
  { args: slow, from: 'up', spanMs: 700 },
  { args: ['break', 'latency', '--target', 'gateway'], from: 'up', spanMs: 700 },
  { args: ['break', 'stop', '--target', 'inbox'], from: 'up', spanMs: 900 },
  { args: ['break', 'kill', '--target', 'postgres-primary'], from: 'up', spanMs: 900 },
  { args: ['break', 'pause', '--target', 'api-2'], from: 'up', spanMs: 900 },
  { args: ['break', 'restart-with-env', '--target', 'api-3', 'LOG_LEVEL=debug'], from: 'up', spanMs: 1_500 },
  { args: ['heal'], from: [slow, ['break', 'pause', '--target', 'loki']], spanMs: 1_200 },
  { args: ['heal'], from: [['break', 'kill', '--target', 'jaeger']], spanMs: 2_000 },
  { args: ['load', 'steady', '--for', '5s'], from: 'up', spanMs: 7_000 },
  { args: ['deploy', '1.1.0'], from: 'up', spanMs: 5_000 },
  { args: ['rollback'], from: [['deploy', '1.1.0']], spanMs: 5_000 },
  { args: ['promote', 'postgres-replica'], from: 'up', spanMs: 1_500 },
  { args: ['repoint'], from: [['promote', 'postgres-replica']], spanMs: 4_000 },
  { args: ['failback'], from: [['promote', 'postgres-replica']], spanMs: 6_000 },
  { args: ['silence', 'HighLatency'], from: 'up', spanMs: 700 },
  { args: ['incident', 'declare', 'the kill campaign'], from: 'up', spanMs: 700 },
  { args: ['exercise', 'start', '01'], from: 'up', spanMs: 40_000 },
  { args: ['exercise', 'reset', '01'], from: 'up', spanMs: 2_000 },
  { args: ['ci', '01-high-latency'], from: 'up', spanMs: 80_000 },
  { args: ['ci', '01-high-latency'], from: 'down', spanMs: 20_000 },
  { args: ['export', 'compose'], from: 'up', spanMs: 700 },
  { args: ['status'], from: 'up', spanMs: 700 },
  { args: ['doctor'], from: 'up', spanMs: 3_000 },
];
