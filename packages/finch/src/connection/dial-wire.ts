/** By which transport a connection of a pool is opened: TCP, QUIC, or what is open first. */
import { QuicUnavailableError } from '@linnet/mint';
import type { Dial, Wire } from '@linnet/mint';
import type { AlternativeService } from '../alt-svc/store.ts';
import { fromMint } from '../errors/from-mint.ts';
import { ConnectionClosedError } from '../errors/index.ts';
import { alternativeSetAside } from '../telemetry/alternative-events.ts';
import { runtimeClock } from './clock.ts';
import type { ConnectTarget } from './connect-target.ts';
import { http3Use } from './http3-use.ts';
import { dialQuicWire } from './quic.ts';
import { Race } from './race.ts';
import { dialTcp } from './tcp.ts';

/**
 * Starts to open a connection within `limit` ms. With an alternative of the server QUIC and TCP race,
 * unless TCP is there already (`onlyQuic`).
 */
export function dialWire(
  target: ConnectTarget,
  limit: number,
  alternative: AlternativeService | undefined,
  onlyQuic: boolean,
): Dial<Wire> {
  if (alternative === undefined) {
    const isOnly = http3Use(target.pool, target.options) === 'only';
    return isOnly ? dialQuicWire(target, limit, undefined) : dialTcp(target, limit);
  }
  if (onlyQuic) return dialQuicWire(target, limit, alternative);
  return new Race<Wire>(
    {
      quic: (left) => dialQuicWire(target, left, alternative),
      tcp: (left) => dialTcp(target, left),
      discard: (wire) => wire.destroy(),
      quicLost: (error) => quicLost(target, alternative, error),
    },
    { limit, headStart: target.options.http3.headStart, clock: runtimeClock },
  );
}

/**
 * A request failed on a connection to an alternative. When nothing came any more, the alternative is set
 * aside, as Chromium does it: some networks let the handshakes of QUIC through and little else, so that
 * the next connection would open, and fall silent in the same way.
 */
export function requestFailed(
  target: ConnectTarget,
  alternative: AlternativeService,
  error: Error,
): void {
  if (!(error instanceof ConnectionClosedError)) return;
  const { reason } = error;
  if (reason === 'idle_timeout' || reason === 'ping_timeout') quicLost(target, alternative, error);
}

/** TCP is to be used where QUIC did not work; `error`: why, unless it was too slow. */
export function quicLost(
  { instance, pool, discovery }: ConnectTarget,
  alternative: AlternativeService,
  error: unknown,
): void {
  if (!(error instanceof QuicUnavailableError)) {
    if (discovery?.failed(alternative) !== true) return;
    const reason = error === undefined ? 'slower' : 'failed';
    alternativeSetAside(instance, pool, alternative, reason, error && fromMint(error));
    return;
  }
  if (discovery?.disable() !== true) return;
  process.emitWarning(
    `${pool.origin} offers HTTP/3, which is not used: ${error.message}. Requests go on over the other protocols.`,
    { type: 'LinnetFinchWarning', code: 'LINNET_FINCH_HTTP3_UNAVAILABLE' },
  );
}
