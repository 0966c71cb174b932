import { dial, createHttp1Wire } from '../../src/index.ts';
import type { DialTarget, Http1WireOptions, Wire } from '../../src/index.ts';
/**
 * Wires to the servers of tests.
 */

/** A wire, with how often and with what `onClosed` was called. */
export interface OpenWire extends Disposable {
  readonly wire: Wire;
  readonly closings: (Error | undefined)[];
  /** Fulfilled with what `onClosed` was called with first. */
  readonly closed: Promise<Error | undefined>;
}

export type OpenWireOptions = Partial<Http1WireOptions> & Partial<DialTarget>;

/** Dials 127.0.0.1 (or what the options say) and speaks HTTP/1.1 over it. */
export async function openWire(port: number, options: OpenWireOptions = {}): Promise<OpenWire> {
  const origin = `http://127.0.0.1:${port}`;
  const { socket } = await dial({
    origin,
    address: { host: '127.0.0.1', port },
    ...options,
  }).result;
  const wire = createHttp1Wire(socket, { origin, authority: `127.0.0.1:${port}`, ...options });
  const closings: (Error | undefined)[] = [];
  const closed = new Promise<Error | undefined>((resolve) => {
    wire.onClosed = (error) => {
      closings.push(error);
      resolve(error);
    };
  });
  return { wire, closings, closed, [Symbol.dispose]: () => wire.destroy() };
}
