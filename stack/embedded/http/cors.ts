import type { RequestHandler } from 'express';

/**
 * The CORS headers of Prometheus and its kin: the origin that asked is allowed, and `Vary` says so.
 * Answers OPTIONS with 204.
 */
export function cors(methods = 'GET, POST, OPTIONS'): RequestHandler {
  return (request, response, next) => {
    response.vary('Origin');
    const origin = request.headers.origin;
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Headers', 'Accept, Authorization, Content-Type, Origin');
      response.setHeader('Access-Control-Allow-Methods', methods);
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Expose-Headers', 'Date');
    }
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}
