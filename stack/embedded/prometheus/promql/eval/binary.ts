import { PromqlExecutionError } from '../errors.ts';
import type { BinaryExpr } from '../parser/ast.ts';
import { isSetOperator } from '../parser/ast.ts';
import { arithmetic, changesMetric, comparison, isTrim } from './arithmetic.ts';
import type { Block } from './block.ts';
import { dropNames, emptyBlock, withoutEmptyRows } from './block.ts';
import type { Evaluator, Value } from './evaluator.ts';
import { setOperation } from './set-operation.ts';
import { matchVectors } from './vector-matching.ts';

/** Evaluates a binary operation of scalars and vectors. */
export function binaryOperation(evaluator: Evaluator, expr: BinaryExpr): Value {
  const left = evaluator.evaluate(expr.left);
  const right = evaluator.evaluate(expr.right);
  if (left.type === 'string' || right.type === 'string') {
    throw new PromqlExecutionError('binary expression must contain only scalar and instant vector types');
  }
  if (isTrim(expr.operator)) return trim(evaluator, expr, left, right);
  if (left.type === 'scalar' && right.type === 'scalar') {
    return { type: 'scalar', values: scalars(expr, left.values, right.values) };
  }
  if (left.type === 'vector' && right.type === 'vector') {
    const block = isSetOperator(expr.operator)
      ? setOperation(expr.operator, expr.matching, left.block, right.block)
      : matchVectors(evaluator.context, expr, left.block, right.block);
    return { type: 'vector', block };
  }
  const block =
    left.type === 'vector'
      ? withScalar(evaluator, expr, left.block, (right as { values: Float64Array }).values, false)
      : withScalar(evaluator, expr, (right as { block: Block }).block, left.values, true);
  return { type: 'vector', block };
}

/** `</` and `>/` cut native histograms; between floats they yield nothing, with a note. */
function trim(evaluator: Evaluator, { operator, start }: BinaryExpr, left: Value, right: Value): Value {
  const empty = [left, right].some((value) => value.type === 'vector' && value.block.labels.length === 0);
  if (!empty) {
    evaluator.context.annotations.info(
      `incompatible sample types encountered for binary operator "${operator}": float ${operator} float`,
      start,
    );
  }
  return { type: 'vector', block: emptyBlock(evaluator.steps.count) };
}

function scalars({ operator }: BinaryExpr, left: Float64Array, right: Float64Array): Float64Array {
  const compute = arithmetic[operator];
  if (compute !== undefined) return left.map((value, step) => compute(value, right[step]!));
  const compare = comparison[operator]!;
  return left.map((value, step) => (compare(value, right[step]!) ? 1 : 0));
}

function withScalar(
  evaluator: Evaluator,
  { operator, returnBool }: BinaryExpr,
  block: Block,
  scalar: Float64Array,
  swapped: boolean,
): Block {
  const { steps, labels, present } = block;
  const source = block.values;
  const values = new Float64Array(source.length);
  const compute = arithmetic[operator];
  let kept = present;
  if (compute !== undefined) {
    for (let row = 0; row < labels.length; row++) {
      for (let step = 0; step < steps; step++) {
        const at = row * steps + step;
        values[at] = swapped ? compute(scalar[step]!, source[at]!) : compute(source[at]!, scalar[step]!);
      }
    }
  } else {
    const compare = comparison[operator]!;
    kept = returnBool ? present : new Uint8Array(present.length);
    for (let row = 0; row < labels.length; row++) {
      for (let step = 0; step < steps; step++) {
        const at = row * steps + step;
        if (present[at] === 0) continue;
        const value = source[at]!;
        const holds = swapped ? compare(scalar[step]!, value) : compare(value, scalar[step]!);
        if (returnBool) values[at] = holds ? 1 : 0;
        else if (holds) {
          // The vector's value stays, on whichever side it stands.
          values[at] = value;
          kept[at] = 1;
        }
      }
    }
  }
  const result = { ...block, values, present: kept };
  if (changesMetric(operator) || returnBool) return dropNames(result, evaluator.context.delayedNameRemoval);
  return withoutEmptyRows(result);
}
