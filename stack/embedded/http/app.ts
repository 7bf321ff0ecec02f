import express, { type Express } from 'express';

/** An express app as every embedded server wants it: no banner header, no ETags, query strings left to the handler. */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  return app;
}
