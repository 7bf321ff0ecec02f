/** The API's route patterns, static segments before parameters: the gateway names its metrics after them too. */
export const apiEndpoints = [
  '/api/v1/auth/register',
  '/api/v1/auth/login',
  '/api/v1/notes',
  '/api/v1/notes/search',
  '/api/v1/notes/:id',
  '/api/v1/orders',
] as const;
