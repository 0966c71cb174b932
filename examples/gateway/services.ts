/** The services behind the gateway: each has a pool that the gateway's supervisor owns, and a client. */
import { Pool } from '@linnet/finch';
import { HttpCache, Req } from '@linnet/req';

/** A service, and what the gateway allows itself with it. */
export interface Service {
  /** The first segment of the paths that it serves: `/users/7` goes to `users`. */
  readonly name: string;
  readonly url: string;
  /** The connections to it, at most. Default 10. */
  readonly size?: number;
  /** How long it is left alone, in ms, when its breaker has opened. Default 5000. */
  readonly resetTimeout?: number;
}

/** The Finch instance of the gateway. */
export const finch = 'Gateway.Finch';

/** One service that is slow takes no connection of another, and no more memory than its queue. */
export function poolOf({ url, size = 10 }: Service) {
  return Pool.childSpec({ finch, pool: url, size, maxQueue: size * 10 });
}

/** What all services have in common. */
const services = Req.new({
  finch,
  timeout: 5000,
  poolTimeout: 500,
  maxRetries: 1,
  retryDelay: 50,
  // Redirects and coded bodies are for the browser; so is a wait that the service asks for.
  redirect: false,
  maxRetryDelay: 100,
  // One cache for all users: what is for one of them only is not kept.
  cache: new HttpCache({ shared: true, maxSize: 32 * 1024 * 1024 }),
});

export function clientOf({ url, resetTimeout = 5000 }: Service): Req {
  return services.merge({ baseUrl: url, breaker: { failures: 5, resetTimeout } });
}
