import { Counter, Histogram, type Registry } from 'prom-client';
import { Problem } from '../../telemetry/problem.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import type { Identity } from '../auth/tokens.ts';
import type { Database, RunStatement } from '../database/database.ts';

export interface OrderRequest {
  sku: string;
  quantity: number;
  cardNumber: string;
}

export interface Order {
  id: string;
  sku: string;
  quantity: number;
  totalCents: number;
  status: 'completed';
}

/** The number that the lab's bank declines, as payment providers' test cards do. */
const declinedCard = '4000000000000002';

/** Orders in three steps, each a span: validate, pay, reserve. Payment and reservation are kept together or not at all. */
export class OrdersService {
  readonly #database: Database;
  readonly #orders;
  readonly #value;

  constructor({ database, registry }: { database: Database; registry: Registry }) {
    this.#database = database;
    this.#orders = new Counter({
      name: 'orders_total',
      help: 'Orders, by how they ended.',
      labelNames: ['status'],
      registers: [registry],
    });
    this.#value = new Histogram({
      name: 'order_value_dollars',
      help: 'What completed orders were worth, in dollars.',
      buckets: [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
      registers: [registry],
    });
  }

  /** @throws Problem 422 for an unknown product, 402 for a declined card, 409 when the stock is too small. */
  async place(identity: Identity, request: OrderRequest): Promise<Order> {
    return inSpan(
      'OrdersService.place',
      { 'order.sku': request.sku, 'order.quantity': request.quantity },
      async () => {
        try {
          const totalCents = await this.#validate(request);
          const id = await this.#database.transaction(async (run) => {
            const paymentId = await pay(run, identity, request, totalCents);
            return reserve(run, identity, request, totalCents, paymentId);
          });
          this.#orders.inc({ status: 'completed' });
          this.#value.observe(totalCents / 100);
          return { id, sku: request.sku, quantity: request.quantity, totalCents, status: 'completed' };
        } catch (error) {
          this.#orders.inc({ status: statusOf(error) });
          throw error;
        }
      },
    );
  }

  async #validate({ sku, quantity }: OrderRequest): Promise<number> {
    return inSpan('order validate', {}, async () => {
      const [product] = await this.#database.query<{ price_cents: number }>({
        operation: 'select',
        table: 'products',
        text: 'SELECT price_cents FROM products WHERE sku = $1',
        values: [sku],
      });
      if (product === undefined) throw new Problem(422, 'unknown-product', 'There is no such product.');
      return product.price_cents * quantity;
    });
  }
}

async function pay(
  run: RunStatement,
  { userId }: Identity,
  { cardNumber }: OrderRequest,
  totalCents: number,
): Promise<string> {
  return inSpan('order pay', { 'payment.amount_cents': totalCents }, async () => {
    if (cardNumber === declinedCard)
      throw new Problem(402, 'payment-declined', 'The bank declined the payment.');
    const [payment] = await run<{ id: string }>({
      operation: 'insert',
      table: 'payments',
      text: 'INSERT INTO payments (user_id, amount_cents, card_last_four) VALUES ($1, $2, $3) RETURNING id',
      values: [userId, totalCents, cardNumber.slice(-4)],
    });
    if (payment === undefined) throw new Error('the payment was not recorded');
    return payment.id;
  });
}

async function reserve(
  run: RunStatement,
  { userId }: Identity,
  { sku, quantity }: OrderRequest,
  totalCents: number,
  paymentId: string,
): Promise<string> {
  return inSpan('order reserve', {}, async () => {
    // One statement: no order without stock, and the product's row, for which others wait, is held briefly.
    const [order] = await run<{ id: string }>({
      operation: 'insert',
      table: 'orders',
      text: `WITH reserved AS (
               UPDATE products SET stock = stock - $3 WHERE sku = $2 AND stock >= $3 RETURNING sku
             )
             INSERT INTO orders (user_id, sku, quantity, total_cents, payment_id)
             SELECT $1, sku, $3, $4, $5 FROM reserved RETURNING id`,
      values: [userId, sku, quantity, totalCents, paymentId],
    });
    if (order === undefined) {
      throw new Problem(409, 'out-of-stock', 'There is not enough of this product left.');
    }
    return order.id;
  });
}

function statusOf(error: unknown): string {
  if (!(error instanceof Problem) || error.status >= 500) return 'failed';
  if (error.type === 'payment-declined') return 'declined';
  return error.type === 'out-of-stock' ? 'out_of_stock' : 'rejected';
}
