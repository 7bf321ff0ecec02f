import type { Express } from 'express';
import { z } from 'zod';
import { answering } from '../../telemetry/answering.ts';
import { parseInput } from '../../telemetry/validation.ts';
import type { Authenticate } from '../auth/auth-routes.ts';
import type { OrdersService } from './orders-service.ts';

const orderSchema = z.strictObject({
  sku: z.string().min(1).max(64),
  quantity: z.number().int().min(1).max(100),
  cardNumber: z.string().regex(/^\d{12,19}$/, 'must be 12 to 19 digits'),
});

export function addOrdersRoutes(app: Express, orders: OrdersService, authenticate: Authenticate): void {
  app.post(
    '/api/v1/orders',
    answering(async (request, response) => {
      const order = await orders.place(await authenticate(request), parseInput(orderSchema, request.body));
      response.status(201).json(order);
    }),
  );
}
