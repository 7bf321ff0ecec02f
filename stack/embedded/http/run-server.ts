/** What a server's `main.ts` gives back once it listens. */
export interface StartedServer {
  /** Shown in the one line on stderr, e.g. `http://127.0.0.1:9090`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Runs a server process: one line on stderr once it listens; one clear line and exit code 1 when it cannot start;
 * a graceful end on SIGTERM or SIGINT, forced after 900 ms. A stray rejection is reported and survived.
 */
export async function runServer(name: string, start: () => Promise<StartedServer>): Promise<void> {
  const say = (line: string): void => {
    process.stderr.write(`${name}: ${line}\n`);
  };
  let started: StartedServer;
  try {
    started = await start();
  } catch (error) {
    say((error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' '));
    process.exit(1);
  }
  say(`listening on ${started.url}`);
  process.on('unhandledRejection', (reason) => {
    say(`unexpected: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
  });
  const stop = (): void => {
    setTimeout(() => process.exit(0), 900).unref();
    started.close().then(
      () => process.exit(0),
      (error: unknown) => {
        say(`while stopping: ${String(error)}`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
