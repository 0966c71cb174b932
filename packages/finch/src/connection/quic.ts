/** Connections over QUIC: HTTP/3. */
import type { Dial, Wire } from '@linnet/mint';
import type { AlternativeService } from '../alt-svc/store.ts';
import type { ConnectTarget } from './connect-target.ts';

/** Starts to open a QUIC connection to an alternative of the server, or to the server itself, and makes a wire of it. */
export function dialQuicWire(
  _target: ConnectTarget,
  _limit: number,
  _alternative: AlternativeService | undefined,
): Dial<Wire> {
  const result = Promise.reject<Wire>(new Error('not there yet'));
  result.catch(() => {});
  return { result, cancel: () => {} };
}
