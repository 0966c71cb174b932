/**
 * A gateway before two services: a pool, a circuit breaker and a cache for each, metrics, and an end that
 * loses no request.
 *
 *     npm run gateway                                        # before two services of its own
 *     npm run gateway -- --users <url> --orders <url>        # before yours
 */
import { parseArgs } from 'node:util';
import { Application } from '@linnet/otp';
import { startBackend } from './backend.ts';
import { gateway } from './gateway.ts';
import { Web } from './web.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    users: { type: 'string' },
    orders: { type: 'string' },
  },
});
const users = values.users ?? (await startBackend());
const orders = values.orders ?? (await startBackend());

let isReady = true;
await Application.start({
  name: 'gateway',
  shutdownTimeout: 20_000,
  // Told to stop: `/ready` says so, before the tree is stopped.
  prepStop: () => void (isReady = false),
  children: gateway({
    port: Number(values.port),
    isReady: () => isReady,
    services: [
      { name: 'users', url: users, size: 20 },
      { name: 'orders', url: orders },
    ],
  }),
});

const url = `http://127.0.0.1:${await Web.at('web').call('port')}`;
console.log(`The gateway listens at ${url}. Try it:

  curl ${url}/users/7
  curl ${url}/metrics
  curl -X POST ${orders}/down        the orders service fails from now on
  curl ${url}/orders/1               500; after five of them 503 at once, users are served on

ctrl-c ends it in order.`);
