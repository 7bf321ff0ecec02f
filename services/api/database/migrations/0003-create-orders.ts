import type { Migration } from './migration.ts';

/** The stock of the ordinary products lasts for years of load; `last-edition` is sold out, to show a refusal. */
export const createOrders: Migration = {
  version: 3,
  name: 'create orders',
  sql: `
    CREATE TABLE products (
      sku text PRIMARY KEY,
      price_cents integer NOT NULL CHECK (price_cents > 0),
      stock bigint NOT NULL CHECK (stock >= 0)
    );
    INSERT INTO products (sku, price_cents, stock) VALUES
      ('notebook', 450, 1000000000000),
      ('pen', 120, 1000000000000),
      ('subscription', 4900, 1000000000000),
      ('last-edition', 25000, 0);
    CREATE TABLE orders (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      sku text NOT NULL REFERENCES products (sku),
      quantity integer NOT NULL CHECK (quantity > 0),
      total_cents bigint NOT NULL,
      payment_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX orders_by_user ON orders (user_id, created_at DESC);
    CREATE TABLE payments (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      amount_cents bigint NOT NULL,
      card_last_four text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE orders ADD FOREIGN KEY (payment_id) REFERENCES payments (id);
  `,
};
