/** The tree of the gateway: what uses something comes after it, and is stopped before it. */
import { Finch } from '@linnet/finch';
import type { ChildSpec } from '@linnet/otp';
import { Req } from '@linnet/req';
import { forward } from './forward.ts';
import { Metrics, PoolMetrics } from './metrics.ts';
import { clientOf, finch, poolOf, type Service } from './services.ts';
import { Web, type Handler } from './web.ts';

export interface GatewayOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly services: readonly Service[];
  /** Whether more requests are wanted, for `/ready`. */
  readonly isReady: () => boolean;
}

export function gateway({ port, services, isReady }: GatewayOptions): ChildSpec[] {
  const metrics = new Metrics();
  const handler = handlerFor(services, metrics, isReady);
  return [
    Finch.childSpec({ name: finch, undeclared: 'refuse' }),
    ...services.map(poolOf),
    // The circuit breakers, one for each service.
    Req.childSpec({ finch: false }),
    PoolMetrics.childSpec(metrics),
    // Longer than any request takes: the timeout of a call is 5 s.
    Web.childSpec({ port, handler }, { name: 'web', shutdown: 10_000 }),
  ];
}

function handlerFor(
  services: readonly Service[],
  metrics: Metrics,
  isReady: () => boolean,
): Handler {
  const clients = new Map(services.map((service) => [service.name, clientOf(service)]));
  return async (request, response) => {
    const [, name = ''] = request.url?.split(/[/?]/) ?? [];
    const client = clients.get(name);
    if (client !== undefined) {
      const measured = metrics.start(name);
      await forward(client, request, response);
      measured(response.statusCode);
    } else if (name === 'ready') {
      response.writeHead(isReady() ? 200 : 503).end();
    } else if (name === 'metrics') {
      const text = await metrics.registry.metrics();
      response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
    } else {
      response.writeHead(404).end();
    }
  };
}
