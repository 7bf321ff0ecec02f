import type { Express, Request } from 'express';
import { z } from 'zod';
import { answering } from '../../telemetry/answering.ts';
import type { Logger } from '../../telemetry/logger.ts';
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

export function addAuthRoutes(app: Express, auth: AuthService): void {
  app.post(
    '/api/v1/auth/register',
    answering(async (request, response) => {
      response.status(201).json(await auth.register(parseInput(registrationSchema, request.body)));
    }),
  );
  app.post(
    '/api/v1/auth/login',
    answering(async (request, response) => {
      const { email, password } = parseInput(loginSchema, request.body);
      const { token, expiresInSeconds } = await auth.login(email, password);
      response.setHeader('Cache-Control', 'no-store');
      response.json({ token, tokenType: 'Bearer', expiresInSeconds });
    }),
  );
}

/** Who sent a request. @throws Problem 401. */
export type Authenticate = (request: Request) => Promise<Identity>;

export function createAuthenticate(auth: AuthService, logger: Logger): Authenticate {
  return async (request) => {
    const identity = await auth.identify(request.get('authorization'));
    const context = currentRequest();
    if (context !== undefined) context.userId = identity.userId;
    logger.debug('identity established', { ...identity });
    return identity;
  };
}
