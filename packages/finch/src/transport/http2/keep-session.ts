/**
 * Has the native half of a session of node:http2 outlive those of its streams.
 *
 * A stream may hold fields of a header block that was never finished, or was
 * refused, in the session's memory until it is freed, and that can be late: in a
 * later turn, or, when a write of it was under way, with a garbage collection
 * after that. One that frees the session first finds that memory missing and
 * aborts the process (Node.js 22 to 26: "current_nghttp2_memory_ == 0"). Any
 * server could bring that about with half a head.
 *
 * What is held here must not lead to the stream, or neither is ever freed: see
 * `closedSession` and `watchDestroy` of the wire.
 *
 * The native halves are found by the symbol under which node:http2 keeps them;
 * there is no public way to them. Without it nothing is done.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

/** Holds each stream's session until the stream is gone. */
const sessions = new FinalizationRegistry<object>(() => {});

let symbol: symbol | undefined;

function nativeOf(owner: ClientHttp2Session | ClientHttp2Stream): object | undefined {
  symbol ??= Object.getOwnPropertySymbols(owner).find(
    ({ description }) => description === 'kHandle',
  );
  if (symbol === undefined) return undefined;
  return (owner as unknown as Readonly<Record<symbol, object | undefined>>)[symbol];
}

/** To be called with each stream that is to write, while it is open. */
export function keepWhileWriting(session: ClientHttp2Session, stream: ClientHttp2Stream): void {
  const nativeSession = nativeOf(session);
  const nativeStream = nativeOf(stream);
  if (nativeSession !== undefined && nativeStream !== undefined) {
    sessions.register(nativeStream, nativeSession);
  }
}

/** To be called when the session is about to be destroyed: keeps it while its streams are freed, in turns to come. */
export function keepWhileClosing(session: ClientHttp2Session): void {
  const nativeSession = nativeOf(session);
  if (nativeSession === undefined) return;
  setImmediate(() => setImmediate(() => setImmediate(release, nativeSession)));
}

function release(_nativeSession: object): void {}
