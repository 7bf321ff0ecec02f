import type { Express, Request } from 'express';
import { allOperational } from '../contract/status-words.ts';
import { answering } from '../telemetry/answering.ts';
import { bearerToken } from '../telemetry/lab-token.ts';
import { observedLocals } from '../telemetry/observe-requests.ts';
import { Problem } from '../telemetry/problem.ts';
import { parseInput } from '../telemetry/validation.ts';
import { sendPage } from './send-page.ts';
import { renderStatusEditor } from './status-editor.ts';
import { fieldOf, parseStatusForm } from './status-form.ts';
import { publicStatusSchema, type StatusBoard } from './status-page.ts';

/** What the public is told: read by anybody, written by who has the lab's token. */
export function addStatusRoutes(
  app: Express,
  { board, isToken }: { readonly board: StatusBoard; readonly isToken: (given: string) => boolean },
): void {
  const mayWrite = (request: Request): void => {
    // A form has no header to send; the token is never read from an address, which logs and histories keep.
    const bearer = bearerToken(request.get('authorization'));
    if (isToken(bearer === '' ? fieldOf(request.body, 'token') : bearer)) return;
    throw new Problem(
      401,
      'unauthorized',
      'The token is not the one of this lab. npm run lab -- urls shows it: "Admin and fault endpoints".',
      { headers: { 'WWW-Authenticate': 'Bearer' } },
    );
  };
  const editor = (refused?: { body: unknown; why: string }): string =>
    renderStatusEditor({
      open: board.open,
      components: board.components ?? allOperational,
      refused,
    });
  app.get('/status', (_request, response) => {
    sendPage(response, board.render(Date.now()));
  });
  app.get('/api/status', (_request, response) => {
    response.json({ ...board.status, components: board.components });
  });
  app.put(
    '/api/status',
    answering((request, response) => {
      mayWrite(request);
      board.publish(parseInput(publicStatusSchema, request.body));
      return response.json(board.status);
    }),
  );
  app.get('/api/status/edits', (_request, response) => {
    response.json({ edits: board.edits });
  });
  app.get('/status/edit', (_request, response) => {
    sendPage(response, editor());
  });
  app.post(
    '/status/edit',
    answering((request, response) => {
      const isBrowser = request.accepts(['json', 'html']) === 'html';
      try {
        mayWrite(request);
        const edit = board.write(parseStatusForm(request.body));
        return isBrowser ? response.redirect(303, '/status') : response.json(edit);
      } catch (error) {
        if (!isBrowser || !(error instanceof Problem)) throw error;
        // A person goes on in the form, with the words that were written.
        observedLocals(response).errorType = error.errorType;
        response.status(error.status);
        return sendPage(response, editor({ body: request.body, why: error.message }));
      }
    }),
  );
}
