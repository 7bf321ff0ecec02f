import { formatGoDuration } from '../../duration/go-duration.ts';
import type { Resource } from '../../otlp/value.ts';
import { attributeOf } from '../model/span.ts';
import { valueAsString } from '../model/value.ts';
import type { MutableSpan } from './mutable-span.ts';

interface Node {
  readonly span: MutableSpan;
  readonly hostKey: string;
  readonly children: Node[];
}

/**
 * Moves spans of another host that do not fit into their parent, up to `maxDeltaMs`; a larger skew, or any when the
 * limit is 0 (Jaeger's default), is only reported as a warning on the span. The walk keeps its own stack: a trace may
 * be deeper than the call stack. Spans in a cycle of parents hang below no root and stay as they are.
 */
export function correctClockSkew(spans: readonly MutableSpan[], maxDeltaMs: number): void {
  const nodes = new Map<string, Node>();
  const hostKeys = new Map<Resource, string>();
  for (const span of spans) {
    if (nodes.has(span.spanId)) {
      span.warnings.push('duplicate span IDs; skipping clock skew adjustment');
      continue;
    }
    let host = hostKeys.get(span.resource);
    if (host === undefined) {
      host = hostKey(span.resource);
      hostKeys.set(span.resource, host);
    }
    nodes.set(span.spanId, { span, hostKey: host, children: [] });
  }
  const roots: Node[] = [];
  for (const node of nodes.values()) {
    const parentId = node.span.parentSpanId;
    if (parentId === '') {
      roots.push(node);
      continue;
    }
    const parent = nodes.get(parentId);
    if (parent === undefined) {
      node.span.warnings.push(
        `parent span ID=${parentId} is not in the trace; skipping clock skew adjustment`,
      );
      roots.push(node);
    } else parent.children.push(node);
  }
  const maxDelta = BigInt(Math.round(maxDeltaMs * 1e6));
  const stack: { node: Node; parent: Node | undefined; skewHost: string; delta: bigint }[] = roots.map(
    (node) => ({
      node,
      parent: undefined,
      skewHost: node.hostKey,
      delta: 0n,
    }),
  );
  for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
    const { node, parent } = frame;
    let { skewHost, delta } = frame;
    if (parent !== undefined && (node.hostKey !== skewHost || node.hostKey === '')) {
      skewHost = node.hostKey;
      delta = skewOf(node.span, parent.span);
    }
    shift(node.span, delta, maxDelta, maxDeltaMs);
    for (const child of node.children) stack.push({ node: child, parent: node, skewHost, delta });
  }
}

function hostKey(resource: Resource): string {
  const id = attributeOf(resource.attributes, 'host.id');
  if (id !== undefined) return typeof id === 'string' ? id : '';
  const ip = attributeOf(resource.attributes, 'host.ip');
  if (typeof ip === 'string') return ip;
  if (Array.isArray(ip) && ip.length > 0) return valueAsString(ip[0]);
  const name = attributeOf(resource.attributes, 'host.name');
  return typeof name === 'string' ? name : '';
}

/** By how much the child's clock must be moved. Assumes that request and response spent the same time on the way. */
function skewOf(child: MutableSpan, parent: MutableSpan): bigint {
  const parentDuration = parent.endTimeUnixNano - parent.startTimeUnixNano;
  const childDuration = child.endTimeUnixNano - child.startTimeUnixNano;
  if (childDuration > parentDuration) {
    // Asynchronous, or the parent timed out first: it only must not start before its parent.
    const early = parent.startTimeUnixNano - child.startTimeUnixNano;
    return early > 0n ? early : 0n;
  }
  if (child.startTimeUnixNano >= parent.startTimeUnixNano && child.endTimeUnixNano <= parent.endTimeUnixNano)
    return 0n;
  return parent.startTimeUnixNano + (parentDuration - childDuration) / 2n - child.startTimeUnixNano;
}

function shift(span: MutableSpan, delta: bigint, maxDelta: bigint, maxDeltaMs: number): void {
  if (delta === 0n) return;
  const text = formatGoDuration(Number(delta) / 1e6);
  if ((delta < 0n ? -delta : delta) > maxDelta) {
    span.warnings.push(
      maxDelta === 0n
        ? `clock skew adjustment disabled; not applying calculated delta of ${text}`
        : `max clock skew adjustment delta of ${formatGoDuration(maxDeltaMs)} exceeded; not applying calculated delta of ${text}`,
    );
    return;
  }
  span.startTimeUnixNano += delta;
  span.endTimeUnixNano += delta;
  span.warnings.push(`This span's timestamps were adjusted by ${text}`);
  span.events = span.events.map((event) => ({ ...event, timeUnixNano: event.timeUnixNano + delta }));
}
