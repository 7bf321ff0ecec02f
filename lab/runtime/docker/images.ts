import type Docker from 'dockerode';
import { EngineDiskFull, ImageMissing } from '../../errors.ts';
import { asLabFailure, isDiskFull, statusOf } from './engine.ts';

interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Whether the engine has the image. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw asLabFailure(error);
  }
}

/**
 * Pulls the image unless the engine has it, telling the layers' progress. `LAB_IMAGE_MISSING` when it cannot be had.
 */
export async function ensureImage(
  docker: Docker,
  image: string,
  variable: string,
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (await hasImage(docker, image)) return;
  try {
    const stream = await docker.pull(image, signal === undefined ? {} : { abortSignal: signal });
    const layers = new Map<string, { current: number; total: number; done: boolean }>();
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        (event: PullEvent) => {
          if (event.id === undefined || event.status === undefined) return;
          const layer = layers.get(event.id) ?? { current: 0, total: 0, done: false };
          if (event.status === 'Downloading') {
            layer.current = event.progressDetail?.current ?? layer.current;
            layer.total = event.progressDetail?.total ?? layer.total;
          }
          if (/^(Pull complete|Already exists)$/.test(event.status)) layer.done = true;
          layers.set(event.id, layer);
          onProgress(describePull(image, [...layers.values()]));
        },
      );
    });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    const failure = asLabFailure(error);
    if (failure !== error) throw failure;
    const reason = (error as Error).message
      .replace(/^\(HTTP code \d+\) [^-]* - /, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (isDiskFull(reason)) throw new EngineDiskFull(image, reason, { cause: error });
    throw new ImageMissing(image, reason, variable, { cause: error });
  }
}

/** One line over all layers: `prom/prometheus:v3.14.0 7/12 layers, 48 of 112 MB`. */
export function describePull(
  image: string,
  layers: readonly { readonly current: number; readonly total: number; readonly done: boolean }[],
): string {
  const done = layers.filter((layer) => layer.done).length;
  const sum = (key: 'current' | 'total'): number => layers.reduce((total, layer) => total + layer[key], 0);
  const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
  const bytes = sum('total') > 0 ? `, ${megabytes(sum('current'))} of ${megabytes(sum('total'))} MB` : '';
  return `${image} ${done}/${layers.length} layers${bytes}`;
}
