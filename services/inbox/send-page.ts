import type { Response } from 'express';
import { contentSecurityPolicy } from './html.ts';

/** Sends a page that may load nothing, and that nobody keeps. */
export function sendPage(response: Response, html: string): void {
  response.setHeader('Content-Security-Policy', contentSecurityPolicy);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.type('html').send(html);
}
