import type { Express, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { currentRequest } from '../../telemetry/request-context.ts';
import { parseInput } from '../../telemetry/validation.ts';
import type { AuthService } from './auth-service.ts';
import type { Identity } from './tokens.ts';

const emailSchema = z.email().max(254).toLowerCase();
const registrationSchema = z.strictObject({
  email: emailSchema,
  password: z.string().min(8).max(128),
  source: z.enum(['web', 'mobile', 'api']).default('api'),
});
const loginSchema = z.strictObject({ email: emailSchema, password: z.string().min(1).max(128) });

export const authEndpoints = ['/api/v1/auth/register', '/api/v1/auth/login'];

export function addAuthRoutes(app: Express, auth: AuthService): void {
  app.post('/api/v1/auth/register', async (request, response) => {
    response.status(201).json(await auth.register(parseInput(registrationSchema, request.body)));
  });
  app.post('/api/v1/auth/login', async (request, response) => {
    const { email, password } = parseInput(loginSchema, request.body);
    const { token, expiresInSeconds } = await auth.login(email, password);
    response.setHeader('Cache-Control', 'no-store');
    response.json({ token, tokenType: 'Bearer', expiresInSeconds });
  });
}

/** Lets only those with a valid token pass. */
export function requireIdentity(auth: AuthService): RequestHandler {
  return async (request, response, next) => {
    const identity = await auth.identify(request.get('authorization'));
    (response.locals as { identity?: Identity }).identity = identity;
    const context = currentRequest();
    if (context !== undefined) context.userId = identity.userId;
    next();
  };
}

/** Who is asking; only behind `requireIdentity`. */
export function identityOf(response: Response): Identity {
  const { identity } = response.locals as { identity?: Identity };
  if (identity === undefined) throw new Error('this route lacks requireIdentity');
  return identity;
}
