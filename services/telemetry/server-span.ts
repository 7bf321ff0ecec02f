import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { unmatchedEndpoint } from './endpoint-matcher.ts';

/** Names the request's server span after its route, also where no handler of Express has a pattern to offer. */
export function nameServerSpan(endpoint: string): void {
  const rpc = getRPCMetadata(context.active());
  if (rpc !== undefined && endpoint !== unmatchedEndpoint) rpc.route = endpoint;
}
