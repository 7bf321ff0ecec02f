import { type Span, serviceNameOf } from '../model/span.ts';
import { earlier, later } from '../model/time.ts';
import { buildTree, type TreeNode } from './span-tree.ts';

export interface CriticalPathSection {
  readonly spanId: string;
  readonly startUnixMicros: number;
  readonly durationMicros: number;
}

export interface SpanTimes {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly service: string;
  readonly operation: string;
  readonly depth: number;
  readonly startUnixMicros: number;
  readonly durationMicros: number;
  /** Time in which no child of the span ran. */
  readonly selfMicros: number;
  /** The span's share of the critical path. */
  readonly criticalMicros: number;
  readonly error: boolean;
}

export interface CriticalPath {
  readonly traceId: string;
  readonly startUnixMicros: number;
  readonly durationMicros: number;
  /** In order of time; together they cover the root span without gaps. */
  readonly sections: readonly CriticalPathSection[];
  /** Depth first, siblings by start: the order of a waterfall. */
  readonly spans: readonly SpanTimes[];
  readonly warnings: readonly string[];
}

interface Section {
  readonly node: TreeNode;
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * OpenTelemetry for JavaScript begins spans at whole milliseconds and measures their durations finer, so a call seems
 * to begin up to a millisecond before the one that it followed has ended.
 */
const startGranularityNanos = 1_000_000n;

/**
 * What determined how long the trace took. From the end of the root backwards: the child that finished last was being
 * waited for, so the path goes through it and on from its start; the gaps belong to the span itself. Children count
 * only as far as they overlap their parent, so asynchronous work that outlives it is not on the path.
 */
export function criticalPath(spans: readonly Span[]): CriticalPath {
  const tree = buildTree(spans);
  const sections = tree.root === undefined ? [] : walkBack(tree.root);
  const critical = new Map<TreeNode, bigint>();
  for (const { node, start, end } of sections) critical.set(node, (critical.get(node) ?? 0n) + end - start);
  const start = tree.root?.start ?? 0n;
  return {
    traceId: spans[0]?.traceId ?? '',
    startUnixMicros: micros(start),
    durationMicros: tree.root === undefined ? 0 : micros(tree.root.end) - micros(start),
    sections: sections.map(({ node, start: from, end }) => ({
      spanId: node.span.spanId,
      startUnixMicros: micros(from),
      durationMicros: Number(end - from) / 1000,
    })),
    spans: tree.nodes.map((node) => ({
      spanId: node.span.spanId,
      parentSpanId: node.span.parentSpanId,
      service: serviceNameOf(node.span.resource),
      operation: node.span.name,
      depth: node.depth,
      startUnixMicros: micros(node.start),
      durationMicros: Number(node.end - node.start) / 1000,
      selfMicros: Number(selfTime(node)) / 1000,
      criticalMicros: Number(critical.get(node) ?? 0n) / 1000,
      error: node.span.statusCode === 2,
    })),
    warnings: tree.warnings,
  };
}

/** Keeps its own stack: a trace may be deeper than the call stack. */
function walkBack(root: TreeNode): Section[] {
  const sections: Section[] = [];
  const push = (node: TreeNode, start: bigint, end: bigint): void => {
    if (end > start) sections.push({ node, start, end });
  };
  interface Frame {
    readonly node: TreeNode;
    /** Where the span begins to count: not before its parent. */
    readonly from: bigint;
    /** Where it ends to count: not after its parent, whose clock may be behind. */
    readonly until: bigint;
    /** The path is known from here on. */
    time: bigint;
    readonly byEnd: readonly TreeNode[];
    next: number;
  }
  const frame = (node: TreeNode, from: bigint, until: bigint): Frame => ({
    node,
    from,
    until,
    time: until,
    byEnd: [...node.children].sort((a, b) => (a.end > b.end ? -1 : a.end < b.end ? 1 : 0)),
    next: 0,
  });
  const stack: Frame[] = [frame(root, root.start, root.end)];
  while (stack.length > 0) {
    const current = stack[stack.length - 1]!;
    const child = current.byEnd[current.next];
    if (child === undefined) {
      push(current.node, current.from, current.time);
      stack.pop();
      continue;
    }
    current.next += 1;
    const end = earlier(child.end, current.time);
    const start = later(child.start, current.from);
    // Ran beside a child that is on the path, or outside its parent: nobody waited for it.
    if (end <= start || earlier(child.end, current.until) > current.time + startGranularityNanos) continue;
    push(current.node, end, current.time);
    current.time = start;
    stack.push(frame(child, start, end));
  }
  return sections.reverse();
}

function selfTime(node: TreeNode): bigint {
  const intervals = node.children
    .map((child) => ({
      start: later(child.start, node.start),
      end: earlier(child.end, node.end),
    }))
    .filter(({ start, end }) => end > start)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let covered = 0n;
  let until = node.start;
  for (const { start, end } of intervals) {
    if (end <= until) continue;
    covered += end - later(start, until);
    until = end;
  }
  return node.end - node.start - covered;
}

function micros(nanos: bigint): number {
  return Number(nanos / 1000n);
}
