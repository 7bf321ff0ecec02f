import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { compare } from './logql-compare.ts';

export interface TailRecording {
  readonly request: { readonly rawUrl: string };
  readonly response: { readonly frames: readonly { readonly opcode: number; readonly text: string }[] };
}

/** Text frames; the others are pings. */
const textFrame = 1;
const frameWithinMs = 5000;

/** Follows the log as a recording did, while the recorded pushes go on: each sends one frame. */
export class Tail {
  readonly #frames: string[] = [];
  readonly #socket: WebSocket;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on('message', (data) => this.#frames.push(String(data)));
  }

  /** Connects, and waits for what was stored before. */
  static async open({ request }: TailRecording, base: string): Promise<Tail> {
    const tail = new Tail(base.replace('http', 'ws') + request.rawUrl);
    await new Promise<void>((resolve, reject) => {
      tail.#socket.once('open', resolve);
      tail.#socket.once('error', reject);
    });
    await tail.frames(1);
    return tail;
  }

  /** Resolves when so many frames have come, or too much time has passed; which of both, `difference` tells. */
  async frames(count: number): Promise<void> {
    const deadline = Date.now() + frameWithinMs;
    while (this.#frames.length < count && Date.now() < deadline) await sleep(20);
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Ends the connection; the first difference between the frames that came and the recorded ones. */
  close(recording: TailRecording): string | undefined {
    this.#socket.terminate();
    return differenceOfFrames(recording, this.#frames);
  }
}

/** The first difference between the frames of a tail, in their order, and the recorded ones. */
export function differenceOfFrames(recording: TailRecording, frames: readonly string[]): string | undefined {
  const wanted = recording.response.frames
    .filter(({ opcode }) => opcode === textFrame)
    .map(({ text }) => JSON.parse(text) as unknown);
  const actual = frames.map((text) => JSON.parse(text) as unknown);
  return compare(wanted, actual, '$.frames', { shapeOnly: false, unordered: false });
}
