import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultCatalogue } from '../../faults/catalogue.ts';
import { FaultAdmin } from '../../faults/service-fault.ts';
import { projectRoot } from '../../root.ts';
import { readCredentials } from '../../state/credentials.ts';
import { labPaths } from '../../state/paths.ts';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  /** Resolves when the output has a line that matches; rejects when the command ends before. */
  line(pattern: RegExp): Promise<void>;
}

/** The built command line as a person runs it, with a lab of its own beside any other. */
export class LabCli {
  readonly name: string;
  /** For reports; not below the project. */
  readonly directory = mkdtempSync(join(tmpdir(), 'lab-cli-'));
  readonly #environment: NodeJS.ProcessEnv;

  constructor(label: string, environment: NodeJS.ProcessEnv = {}) {
    this.name = `${label}-${process.pid}`;
    const { LAB_PORT_OFFSET: _, ...inherited } = process.env;
    this.#environment = {
      ...inherited,
      LAB_NAME: this.name,
      LAB_RUNTIME: 'embedded',
      NO_COLOR: '1',
      ...environment,
    };
  }

  get paths(): ReturnType<typeof labPaths> {
    return labPaths(projectRoot, this.name);
  }

  start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningCli {
    const child = spawn(process.execPath, [join(projectRoot, 'dist', 'lab', 'main.js'), ...args], {
      env: { ...this.#environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const waiting = new Set<() => void>();
    child.stdout.on('data', (data) => {
      stdout += data;
      for (const look of waiting) look();
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const ended = new Promise<CliResult>((resolve) =>
      child.once('close', (code) => resolve({ code, stdout, stderr })),
    );
    return {
      child,
      ended,
      line: (pattern) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (!pattern.test(stdout)) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
          void ended.then((result) =>
            reject(new Error(`ended before ${pattern}: ${JSON.stringify(result)}`)),
          );
        }),
    };
  }

  run(...args: string[]): Promise<CliResult> {
    return this.start(args).ended;
  }

  /** What the services themselves say is broken, as `kind@target`. */
  async activeFaults(): Promise<string[]> {
    const { urls } = JSON.parse((await this.run('urls', '--json')).stdout) as {
      urls: { component: string; url: string }[];
    };
    const token = readCredentials(this.paths.credentialsFile)?.token ?? '';
    const targets = [
      ...new Set(faultCatalogue.filter((kind) => kind.endsByItself).flatMap((kind) => kind.targets)),
    ];
    const found = await Promise.all(
      targets.map(async (target) => {
        const http = new URL(urls.find((one) => one.component === target)!.url);
        // The admin port stands a hundred above the gateway's and ten above a replica's.
        const port = Number(http.port) + (target === 'gateway' ? 100 : 10);
        const url = `http://${http.hostname}:${port}`;
        const admin = new FaultAdmin({ token, address: () => ({ host: http.hostname, port, url }) }, target);
        return (await admin.list()).map((fault) => `${fault.kind}@${target}`);
      }),
    );
    return found.flat();
  }

  /** Stops the lab and removes what it wrote. */
  async remove(): Promise<void> {
    await this.run('down');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
