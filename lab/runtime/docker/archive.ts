import { pack } from 'tar-stream';

export interface ArchiveEntry {
  /** Path inside the archive, without a leading slash. */
  readonly path: string;
  readonly content: string | Buffer;
  readonly mode?: number;
}

/** A tar archive in memory. Entries are dated to the epoch, so that equal content makes an equal archive. */
export async function archive(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const stream = pack();
  for (const { path, content, mode } of entries) {
    stream.entry({ name: path, mode: mode ?? 0o644, mtime: new Date(0) }, content);
  }
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
