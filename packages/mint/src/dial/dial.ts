/**
 * Opens a TCP, TLS or unix-socket connection.
 */
import { inCleanContext } from '../driver/clean-context.ts';
import { Attempt } from './attempt.ts';
import type { Dial, Dialled, DialLimits, Make } from './attempt.ts';
import { SocketConnect } from './socket-connect.ts';
import type { DialTarget, SocketOptions } from './dial-target.ts';

export type { DialTarget } from './dial-target.ts';

/** How to connect. */
export interface DialOptions extends DialLimits, SocketOptions {}

/** The limit on a dial, in ms, unless `connectTimeout` says another one. */
export const defaultConnectTimeout = 5000;

/**
 * Starts to open a connection. With `make`, the dial is for what that makes of
 * the open connection, a wire: what it throws closes the socket and fails the
 * dial, and until it has returned the dial can be cancelled.
 *
 * @example
 * const dialling = dial({
 *   origin: 'https://api.example.com:443',
 *   address: { host: 'api.example.com', port: 443 },
 *   tls: new TlsIdentity(),
 * }, { connectTimeout: 1000 });
 * const { socket } = await dialling.result;
 */
export function dial(target: DialTarget, options?: DialOptions): Dial;
export function dial<T>(target: DialTarget, options: DialOptions, make: Make<T>): Dial<T>;
export function dial(
  target: DialTarget,
  options: DialOptions = {},
  make: Make<unknown> = (dialled) => dialled,
): Dial<unknown> {
  return inCleanContext(() => {
    const attempt = new Attempt({ origin: target.origin, proxy: target.proxy }, options);
    const open = (): Promise<Dialled> => attempt.run(new SocketConnect(target, options, attempt));
    return attempt.start(options.connectTimeout ?? defaultConnectTimeout, open, make);
  });
}
