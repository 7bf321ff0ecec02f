import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LanguageSupport, LRLanguage } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { parser } from '@grafana/lezer-logql';
import { ask } from '../data.ts';
import { type LogqlPlace, logqlFunctions, logqlPlace, logqlStages } from './logql-names.ts';

const language = LRLanguage.define({ name: 'logql', parser });
const freshMs = 30_000;

/** LogQL: labels and their values as Loki has them, stages and functions. */
export function logql(uid: string): Extension {
  const known = new Map<string, { readonly at: number; readonly names: Promise<readonly string[]> }>();
  /** Asked once for a while, and not at every key. */
  const names = (path: string): Promise<readonly string[]> => {
    const kept = known.get(path);
    if (kept !== undefined && Date.now() - kept.at < freshMs) return kept.names;
    const asked = ask<{ data?: string[] }>(uid, path, {}).then(
      ({ data = [] }) => data,
      () => {
        known.delete(path);
        return [];
      },
    );
    known.set(path, { at: Date.now(), names: asked });
    return asked;
  };
  const offered = async (place: LogqlPlace): Promise<Completion[]> => {
    switch (place.kind) {
      case 'label':
        return (await names('/loki/api/v1/labels')).map((label) => ({ label, type: 'property' }));
      case 'value':
        return (await names(`/loki/api/v1/label/${encodeURIComponent(place.label)}/values`)).map((label) => ({
          label,
          type: 'text',
        }));
      case 'stage':
        return Object.entries(logqlStages).map(([label, detail]) => ({ label, detail, type: 'keyword' }));
      case 'function':
        return logqlFunctions.map((label) => ({ label, type: 'function' }));
    }
  };
  const complete = async ({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> => {
    const place = logqlPlace(state.sliceDoc(0, pos));
    if (place === undefined) return null;
    if (place.kind === 'stage' && place.from === pos && !explicit) return null;
    return { from: place.from, options: await offered(place), validFor: /^\w*$/ };
  };
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }));
}
