/** The syntax tree of a template, and how Go prints its parts in messages. */
export interface At {
  readonly position: number;
}
export type Operand =
  | (At & { readonly kind: 'dot' | 'nil' })
  | (At & { readonly kind: 'bool'; readonly value: boolean })
  | (At & { readonly kind: 'number'; readonly value: bigint | number; readonly text: string })
  | (At & { readonly kind: 'string'; readonly value: string; readonly text: string })
  | (At & { readonly kind: 'field'; readonly names: readonly string[] })
  | (At & { readonly kind: 'variable'; readonly slot: number; readonly names: readonly string[] })
  | (At & { readonly kind: 'identifier'; readonly name: string })
  | (At & { readonly kind: 'chain'; readonly base: Operand; readonly names: readonly string[] })
  | Pipeline;

export interface Command extends At {
  readonly args: readonly Operand[];
}
export interface Pipeline extends At {
  readonly kind: 'pipeline';
  readonly assigns: boolean;
  readonly declarations: readonly { readonly name: string; readonly slot: number }[];
  readonly commands: readonly Command[];
}

export type Node =
  | (At & { readonly kind: 'text'; readonly text: string })
  | (At & { readonly kind: 'action'; readonly pipeline: Pipeline })
  | (At & {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[] | undefined;
    })
  | (At & { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined })
  | (At & { readonly kind: 'break' | 'continue' });

/** One named template: its tree and how many variable slots a run of it needs. */
export interface Definition {
  readonly name: string;
  readonly body: readonly Node[];
  readonly slots: number;
  /** The whole source and the name it was parsed under, for locations in messages. */
  readonly source: { readonly name: string; readonly text: string };
}

/** Go's `node.String()`. */
export function describe(node: Operand): string {
  switch (node.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'string':
      return node.text;
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return node.names.join('.');
    case 'identifier':
      return node.name;
    case 'chain':
      return `${node.base.kind === 'pipeline' ? `(${describe(node.base)})` : describe(node.base)}${node.names.map((name) => `.${name}`).join('')}`;
    case 'pipeline': {
      const head = node.declarations.map((declaration) => declaration.name).join(', ');
      const body = node.commands.map(describeCommand).join(' | ');
      return head === '' ? body : `${head} ${node.assigns ? '=' : ':='} ${body}`;
    }
  }
}

export function describeCommand(command: Command): string {
  return command.args
    .map((arg) => (arg.kind === 'pipeline' ? `(${describe(arg)})` : describe(arg)))
    .join(' ');
}
