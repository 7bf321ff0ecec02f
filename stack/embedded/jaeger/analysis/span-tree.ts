import type { Span } from '../model/span.ts';
import { later } from '../model/time.ts';

export interface TreeNode {
  readonly span: Span;
  readonly start: bigint;
  /** Never before `start`. */
  readonly end: bigint;
  readonly children: TreeNode[];
  depth: number;
}

export interface SpanTree {
  /** The earliest span without a parent in the trace; if all stand in cycles, the earliest of all. */
  readonly root: TreeNode | undefined;
  /** Every span once: depth first below each root, siblings by start. */
  readonly nodes: readonly TreeNode[];
  readonly warnings: readonly string[];
}

/** Builds the tree of a trace. Orphans become roots; a cycle of parents is cut at its earliest span, and reported. */
export function buildTree(spans: readonly Span[]): SpanTree {
  const warnings: string[] = [];
  const byId = new Map<string, TreeNode>();
  for (const span of spans) {
    const end = later(span.endTimeUnixNano, span.startTimeUnixNano);
    if (byId.has(span.spanId))
      warnings.push(`span ${span.spanId} occurs more than once; only the first counts`);
    else byId.set(span.spanId, { span, start: span.startTimeUnixNano, end, children: [], depth: 0 });
  }
  const roots: TreeNode[] = [];
  for (const node of byId.values()) {
    const parent = byId.get(node.span.parentSpanId);
    if (parent === undefined || parent === node) roots.push(node);
    else parent.children.push(node);
  }
  roots.sort(byStart);
  const nodes: TreeNode[] = [];
  const visited = new Set<TreeNode>();
  const visit = (start: TreeNode): void => {
    const stack = [start];
    visited.add(start);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      nodes.push(node);
      node.children.sort(byStart);
      for (let index = node.children.length - 1; index >= 0; index -= 1) {
        const child = node.children[index]!;
        if (visited.has(child)) continue;
        visited.add(child);
        child.depth = node.depth + 1;
        stack.push(child);
      }
    }
  };
  for (const root of roots) visit(root);
  const unreached = [...byId.values()].filter((node) => !visited.has(node)).sort(byStart);
  for (const node of unreached) {
    if (visited.has(node)) continue;
    warnings.push(`the parents of span ${node.span.spanId} form a cycle; it is cut here`);
    cut(byId, node);
    roots.push(node);
    visit(node);
  }
  return { root: roots[0], nodes, warnings };
}

function cut(byId: ReadonlyMap<string, TreeNode>, node: TreeNode): void {
  const siblings = byId.get(node.span.parentSpanId)?.children;
  const index = siblings?.indexOf(node) ?? -1;
  if (index >= 0) siblings?.splice(index, 1);
}

function byStart(a: TreeNode, b: TreeNode): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}
