import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { type DiscoveryConfig, type TargetGroup, targetGroups } from '../config/scrape-config.ts';
import { decodeYaml } from '../config/yaml-decoder.ts';

/** Files that match a pattern whose last part may hold `*`, `?` and `[…]`, sorted, as absolute paths. */
export function globFiles(pattern: string, baseDirectory: string): string[] {
  const path = isAbsolute(pattern) ? pattern : join(baseDirectory, pattern);
  if (!/[*?[]/.test(path)) return statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : [];
  let folders = [''];
  const parts = path.split('/');
  for (const [index, part] of parts.entries()) {
    if (index === 0) {
      folders = [part === '' ? '/' : part];
      continue;
    }
    if (!/[*?[]/.test(part)) {
      folders = folders.map((folder) => join(folder, part));
      continue;
    }
    const matcher = globPattern(part);
    folders = folders.flatMap((folder) => {
      try {
        return readdirSync(folder)
          .filter((name) => matcher.test(name))
          .sort()
          .map((name) => join(folder, name));
      } catch {
        return [];
      }
    });
  }
  return folders.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** A shell pattern as a regular expression; it comes from the config file, and has no nesting to blow up. */
function globPattern(part: string): RegExp {
  const source = part.replace(/\[[^\]]*\]|[*?]|[.+^${}()|\\\]]/g, (token) =>
    token === '*' ? '[^/]*' : token === '?' ? '[^/]' : token.startsWith('[') ? token : `\\${token}`,
  );
  return new RegExp(`^${source}$`);
}

/** Reads targets from static lists and files; the files are looked at again every `pollMs`. */
export class Discovery {
  readonly #config: DiscoveryConfig;
  readonly #baseDirectory: string;
  readonly #lastGood = new Map<string, { stamp: string; groups: TargetGroup[] }>();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(config: DiscoveryConfig, baseDirectory: string, onChange: () => void, pollMs = 1000) {
    this.#config = config;
    this.#baseDirectory = baseDirectory;
    this.#readFiles();
    if ((config.file_sd_configs ?? []).length > 0) {
      this.#timer = setInterval(() => {
        if (this.#readFiles()) onChange();
      }, pollMs);
      this.#timer.unref();
    }
  }

  /** All target groups as of now. A file that cannot be read keeps the targets that it had. */
  groups(): TargetGroup[] {
    return [
      ...(this.#config.static_configs ?? []),
      ...[...this.#lastGood.values()].flatMap(({ groups }) => groups),
    ];
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #readFiles(): boolean {
    let changed = false;
    const seen = new Set<string>();
    for (const { files } of this.#config.file_sd_configs ?? []) {
      for (const path of files.flatMap((pattern) => globFiles(pattern, this.#baseDirectory))) {
        seen.add(path);
        try {
          const info = statSync(path);
          const stamp = `${info.mtimeMs} ${info.size}`;
          if (this.#lastGood.get(path)?.stamp === stamp) continue;
          const groups = decodeYaml(readFileSync(path, 'utf8'), targetGroups, []).map((group) => ({
            targets: group.targets,
            labels: { ...group.labels, __meta_filepath: path },
          }));
          this.#lastGood.set(path, { stamp, groups });
          changed = true;
        } catch (error) {
          process.stderr.write(
            `file_sd: ${join(dirname(path), basename(path))}: ${(error as Error).message.split('\n')[0]}\n`,
          );
        }
      }
    }
    for (const path of [...this.#lastGood.keys()]) {
      if (!seen.has(path)) {
        this.#lastGood.delete(path);
        changed = true;
      }
    }
    return changed;
  }
}
