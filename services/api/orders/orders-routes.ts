import type { Express, RequestHandler } from 'express';
import { z } from 'zod';
import { parseInput } from '../../telemetry/validation.ts';
import { identityOf } from '../auth/auth-routes.ts';
import type { OrdersService } from './orders-service.ts';

const orderSchema = z.strictObject({
  sku: z.string().min(1).max(64),
  quantity: z.number().int().min(1).max(100),
  cardNumber: z.string().regex(/^\d{12,19}$/, 'must be 12 to 19 digits'),
});

export const ordersEndpoints = ['/api/v1/orders'];

export function addOrdersRoutes(app: Express, orders: OrdersService, authenticate: RequestHandler): void {
  app.post('/api/v1/orders', authenticate, async (request, response) => {
    const order = await orders.place(identityOf(response), parseInput(orderSchema, request.body));
    response.status(201).json(order);
  });
}
