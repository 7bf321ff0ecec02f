import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readProvisioningFiles } from './provisioning-file.ts';

export interface Dashboard {
  readonly id: number;
  readonly uid: string;
  readonly title: string;
  readonly slug: string;
  readonly tags: readonly string[];
  readonly folder: string;
  /** The JSON as it stands in the file. */
  readonly model: Readonly<Record<string, unknown>>;
}

export interface DashboardProvider {
  readonly folder: string;
  readonly path: string;
}

const fileSchema = z.looseObject({
  providers: z
    .array(
      z.looseObject({
        name: z.string(),
        folder: z.string().default(''),
        type: z.literal('file').default('file'),
        options: z.looseObject({ path: z.string() }),
      }),
    )
    .default([]),
});

/** The providers of `<provisioning>/dashboards/*.yaml`. Throws an Error of one line that names the file. */
export async function readDashboardProviders(provisioningPath: string): Promise<DashboardProvider[]> {
  const providers: DashboardProvider[] = [];
  for (const { file, content } of await readProvisioningFiles(join(provisioningPath, 'dashboards'))) {
    const parsed = fileSchema.safeParse(content);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new Error(`${file}: ${issue.path.join('.')}: ${issue.message}`);
    }
    for (const provider of parsed.data.providers)
      providers.push({ folder: provider.folder, path: provider.options.path });
  }
  return providers;
}

const modelSchema = z.looseObject({
  uid: z.string().optional(),
  title: z.string(),
  tags: z.array(z.string()).default([]),
});

/**
 * Every dashboard below the providers' folders, as it stands on disk now: an edited file is seen by the next request.
 * A file that is no dashboard is left out, as Grafana does after logging it.
 */
export async function readDashboards(providers: readonly DashboardProvider[]): Promise<Dashboard[]> {
  const dashboards: Dashboard[] = [];
  for (const provider of providers) {
    for (const file of await jsonFiles(provider.path)) {
      const parsed = modelSchema.safeParse(parseJson(await readFile(file, 'utf8')));
      if (!parsed.success) continue;
      const slug = slugOf(parsed.data.title);
      dashboards.push({
        id: dashboards.length + 1,
        uid: parsed.data.uid ?? slug,
        title: parsed.data.title,
        slug,
        tags: parsed.data.tags,
        folder: provider.folder,
        model: parsed.data,
      });
    }
  }
  return dashboards;
}

async function jsonFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    return [];
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
