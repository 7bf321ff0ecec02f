import { join } from 'node:path';
import { z } from 'zod';
import { readProvisioningFiles } from './provisioning-file.ts';

export interface DataSource {
  readonly id: number;
  readonly uid: string;
  readonly name: string;
  readonly type: string;
  readonly access: string;
  readonly url: string;
  readonly isDefault: boolean;
  readonly jsonData: Readonly<Record<string, unknown>>;
}

const fileSchema = z.looseObject({
  datasources: z
    .array(
      z.looseObject({
        name: z.string().min(1),
        type: z.string().min(1),
        uid: z.string().optional(),
        access: z.string().default('proxy'),
        url: z.url({ protocol: /^https?$/ }),
        isDefault: z.boolean().default(false),
        jsonData: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .default([]),
});

/** The data sources of `<provisioning>/datasources/*.yaml`. Throws an Error of one line that names the file. */
export async function readDataSources(provisioningPath: string): Promise<DataSource[]> {
  const sources: DataSource[] = [];
  for (const { file, content } of await readProvisioningFiles(join(provisioningPath, 'datasources'))) {
    const parsed = fileSchema.safeParse(content);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new Error(`${file}: ${issue.path.join('.')}: ${issue.message}`);
    }
    for (const { name, type, uid, access, url, isDefault, jsonData } of parsed.data.datasources) {
      const source = {
        id: sources.length + 1,
        uid: uid ?? name,
        name,
        type,
        access,
        url,
        isDefault,
        jsonData,
      };
      if (sources.some((other) => other.uid === source.uid))
        throw new Error(`${file}: two data sources have the uid "${source.uid}"`);
      sources.push(source);
    }
  }
  return sources;
}
