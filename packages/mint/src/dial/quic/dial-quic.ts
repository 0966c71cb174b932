/**
 * Opens a QUIC connection.
 */
import { inCleanContext } from '../../driver/clean-context.ts';
import { systemClock } from '../../driver/clock.ts';
import { TlsError } from '../../errors/index.ts';
import type { QuicBackend, QuicConfig } from '../../quic/backend.ts';
import { loadQuic } from '../../quic/load.ts';
import { Attempt } from '../attempt.ts';
import type { Dial } from '../attempt.ts';
import { defaultConnectTimeout } from '../dial.ts';
import { invalidOption } from '../option-rules.ts';
import { serverNameOf } from '../server-name.ts';
import { TlsIdentity } from '../tls-identity.ts';
import { quicConfigOf, quicUnsupported } from './credentials.ts';
import type { HandshakeSettings } from './handshake.ts';
import { QuicConnect } from './quic-connect.ts';
import type { DialledQuic, QuicDialOptions, QuicTarget } from './quic-target.ts';

const defaults = {
  idleTimeout: 30_000,
  streamWindow: 1024 * 1024,
  connectionWindow: Infinity,
};

/** Connections without an identity share one, and the trusted certificates that were parsed for it. */
let withoutIdentity: TlsIdentity | undefined;

/**
 * Starts to open a QUIC connection for HTTP/3, as `dial` does over TCP. Rejects with
 * `QuicUnavailableError` where the optional package is missing, with `OptionsError` for an identity
 * that QUIC cannot honour, with `ConnectError`, `ConnectTimeoutError`, `TlsError`, or with what
 * `cancel`, the signal or `make` gave.
 *
 * @example
 * const dialling = dialQuic(
 *   { origin: 'https://api.example.com:443', host: 'api.example.com', port: 443 },
 *   { connectTimeout: 1000 },
 *   ({ session }) => session,
 * );
 * const session = await dialling.result;
 */
export function dialQuic<T>(
  target: QuicTarget,
  options: QuicDialOptions,
  make: (dialled: DialledQuic) => T,
): Dial<T> {
  return inCleanContext(() => {
    const attempt = new Attempt<T>({ origin: target.origin, proxy: undefined }, options);
    const open = async (): Promise<DialledQuic> => {
      const backend = await attempt.run({ result: loadQuic(), abandon() {} });
      const settings = settingsOf(target, options, attempt, backend);
      return attempt.run(new QuicConnect(target, options, settings, attempt));
    };
    return attempt.start(options.connectTimeout ?? defaultConnectTimeout, open, make);
  });
}

function settingsOf(
  target: QuicTarget,
  options: QuicDialOptions,
  elapsed: { readonly waited: number },
  backend: QuicBackend,
): HandshakeSettings {
  const { origin, host, servername = host, tls = (withoutIdentity ??= new TlsIdentity()) } = target;
  const { idleTimeout = defaults.idleTimeout } = options;
  const name = serverNameOf(servername);
  const progress = (): ReturnType<HandshakeSettings['progress']> => ({
    origin,
    waited: elapsed.waited,
    servername: name.verified,
  });
  return {
    config: configOf(backend, tls, options, progress),
    tls,
    name,
    localAddress: options.localAddress,
    clock: options.clock ?? systemClock,
    keepAliveInterval: options.keepAliveInterval ?? idleTimeout / 3,
    progress,
  };
}

function configOf(
  backend: QuicBackend,
  tls: TlsIdentity,
  options: QuicDialOptions,
  progress: HandshakeSettings['progress'],
): QuicConfig {
  const unsupported = quicUnsupported(tls);
  if (unsupported !== undefined) {
    const allowed = 'what QUIC can do: ca, cert, key, and how the server is verified';
    throw invalidOption(`tls.${unsupported}`, undefined, allowed, 'HTTP/3 cannot honour it');
  }
  try {
    return quicConfigOf(backend, tls, {
      idleTimeout: options.idleTimeout ?? defaults.idleTimeout,
      streamWindow: options.streamWindowSize ?? defaults.streamWindow,
      connectionWindow: options.connectionWindowSize ?? defaults.connectionWindow,
    });
  } catch (error) {
    throw new TlsError({ ...progress(), reason: 'ERR_QUIC_CREDENTIALS', cause: error });
  }
}
