/** The endpoint of a request that no route takes: one label value, whatever people type. */
export const unmatchedEndpoint = 'unmatched';

/**
 * Finds the route pattern of a path before the router has run, so that a request counts under its pattern from its
 * first moment. Patterns are Express's with whole-segment parameters (`/notes/:id`); the first match wins.
 */
export function createEndpointMatcher(patterns: readonly string[]): (path: string) => string {
  const routes = patterns.map((pattern) => ({ pattern, segments: segmentsOf(pattern) }));
  return (path) => {
    const segments = segmentsOf(path);
    const route = routes.find(
      (candidate) =>
        candidate.segments.length === segments.length &&
        candidate.segments.every((segment, index) => segment.startsWith(':') || segment === segments[index]),
    );
    return route?.pattern ?? unmatchedEndpoint;
  };
}

/** A trailing slash changes nothing, as in Express. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  return segments;
}
