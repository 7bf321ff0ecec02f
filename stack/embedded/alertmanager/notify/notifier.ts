import type { Values } from '../config/config.ts';
import type { TemplateData } from './template-data.ts';
import type { Templates } from './templates.ts';

/** One notification for one integration. */
export interface Notification {
  readonly data: TemplateData;
  readonly groupKey: string;
  readonly signal: AbortSignal;
}
/** Sends a notification once. Throws a NotifyError, which says whether to try again. */
export type Notifier = (notification: Notification) => Promise<void>;
export type CreateNotifier = (settings: Values, templates: Templates) => Notifier;

/** Cuts a text to a number of characters, with an ellipsis in place of what is lost. */
export function truncate(text: string, limit: number): string {
  const runes = [...text];
  return runes.length <= limit ? text : `${runes.slice(0, limit - 1).join('')}…`;
}
