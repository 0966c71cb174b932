/** The HTTP/3 side of the server of the model test. */
import { startHttp3Server } from '@linnet/mint/testing';
import type { Http3Frame, Http3Peer, Http3Server } from '@linnet/mint/testing';
import type { Held } from './world-server.ts';

/** What is to become of a request. */
export type Taker = (path: string, held: Held) => void;

/** The code of RFC 9113 that has a sibling of the same meaning. */
const refusedStream = 7;

export class QuicWorld {
  private readonly take: Taker;
  private server!: Http3Server;
  /** The stream after the last one that came, by connection. */
  private readonly next = new Map<Http3Peer, number>();

  constructor(take: Taker) {
    this.take = take;
  }

  async start(
    tls: { readonly key: string; readonly cert: string },
    streams: number | 'infinity',
  ): Promise<this> {
    const script = async (peer: Http3Peer): Promise<void> => {
      this.next.set(peer, 0);
      try {
        await peer.handshake();
        for await (const request of peer.requests()) this.accept(peer, request);
      } catch {
        // The client has gone in the middle of its handshake.
      }
      this.next.delete(peer);
    };
    this.server = await startHttp3Server(script, {
      tls,
      streams: streams === 'infinity' ? 1000 : streams,
    });
    return this;
  }

  get port(): number {
    return this.server.port;
  }

  /** Connections that are open at this moment. */
  get connections(): number {
    return this.server.peers.filter(({ isClosed }) => !isClosed).length;
  }

  /** Announces the end of all connections, maybe as if it had seen no request. */
  goaway(sawNone: boolean): void {
    for (const [peer, next] of this.next) {
      if (!peer.isClosed) peer.goaway(sawNone ? 0 : next);
    }
  }

  destroyConnections(): void {
    for (const peer of this.next.keys()) if (!peer.isClosed) peer.close('H3_INTERNAL_ERROR');
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private accept(peer: Http3Peer, { stream, fields }: Http3Frame): void {
    this.next.set(peer, stream + 4);
    const isOpen = (): boolean => !peer.isClosed;
    this.take(fields.get(':path') ?? '', {
      answer: () => {
        if (isOpen()) peer.answer(stream);
      },
      reset: (code) => {
        const name = code === refusedStream ? 'H3_REQUEST_REJECTED' : 'H3_INTERNAL_ERROR';
        if (isOpen()) peer.reset(stream, name);
      },
    });
  }
}
