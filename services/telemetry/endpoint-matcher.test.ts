import { expect, it } from 'vitest';
import { createEndpointMatcher } from './endpoint-matcher.ts';

const endpointOf = createEndpointMatcher(['/', '/notes', '/notes/search', '/notes/:id', '/notes/:id/tags']);

it.each([
  ['/', '/'],
  ['/notes', '/notes'],
  ['/notes/', '/notes'],
  ['/notes/search', '/notes/search'],
  ['/notes/17', '/notes/:id'],
  ['/notes/17/tags', '/notes/:id/tags'],
  ['/notes/17/other', 'unmatched'],
  ['/NOTES', 'unmatched'],
  ['//notes', 'unmatched'],
  ['/../etc', 'unmatched'],
])('%s belongs to %s', (path, endpoint) => {
  expect(endpointOf(path)).toBe(endpoint);
});
