/**
 * What the errors of both kinds of tunnels have in common.
 */
import { ProxyError } from '../../errors/index.ts';
import type { ProxiedTarget, ProxyServer } from './proxy-server.ts';

/** What proxy and server are called in errors. */
export interface ProxyNames {
  readonly proxy: string;
  readonly origin: string;
}

export function namesOf(proxy: ProxyServer, target: ProxiedTarget): ProxyNames {
  return { proxy: proxy.origin, origin: target.origin };
}

/** The proxy sent bytes after its answer that no server can have sent. */
export function surplus(names: ProxyNames): ProxyError {
  return new ProxyError({ ...names, reason: 'bad_answer', detail: 'it sent more than its answer' });
}
