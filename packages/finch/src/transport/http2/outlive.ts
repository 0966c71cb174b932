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

type Natives = Readonly<Record<symbol, object | undefined>>;

let symbol: symbol | undefined;

/** To be called with each stream as long as it is open. */
export function outlive(session: ClientHttp2Session, stream: ClientHttp2Stream): void {
  symbol ??= Object.getOwnPropertySymbols(stream).find(
    ({ description }) => description === 'kHandle',
  );
  if (symbol === undefined) return;
  const sessionHandle = (session as unknown as Natives)[symbol];
  const streamHandle = (stream as unknown as Natives)[symbol];
  if (sessionHandle !== undefined && streamHandle !== undefined) {
    sessions.register(streamHandle, sessionHandle);
  }
}
