import type { Annotation, GrafanaClient } from './grafana-client.ts';

/** A mark of now on every dashboard of the lab. Its absence spoils nothing, so that a failure is only told. */
export async function markOnDashboards(
  observe: { readonly grafana: GrafanaClient },
  { text, tags, timeMs = Date.now() }: Pick<Annotation, 'text' | 'tags'> & { readonly timeMs?: number },
  { signal, note }: { readonly signal: AbortSignal; readonly note: (text: string) => void },
): Promise<void> {
  try {
    await observe.grafana.annotate(
      { text, tags: ['lab', ...tags], timeMs },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) },
    );
  } catch (error) {
    if (!signal.aborted)
      note(`No annotation in Grafana: ${error instanceof Error ? error.message : String(error)}`);
  }
}
