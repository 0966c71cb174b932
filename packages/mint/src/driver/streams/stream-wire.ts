/**
 * What a connection with streams, of HTTP/2 or HTTP/3, is to one exchange on it:
 * all in which the two differ is behind this.
 */
import type { ExchangeFacts } from '../../errors/index.ts';
import type { RequestHead } from '../../message/request-encoder.ts';
import type { RequestStream } from '../../message/request-stream.ts';
import type { StreamEvent, StreamReport } from '../../message/stream-event.ts';
import type { BodyOutput, BodySender } from './body-output.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionLife, HandedOver, UnderWay } from './connection-life.ts';

/** Opened a stream, and hears what comes for it. */
export interface StreamUser {
  /** Whether it takes more of the body now. What comes all the same is kept. */
  readonly wantsMore: boolean;
  /** Something came for the stream: `report` tells what, with the bytes that it was read from. */
  onEvent(what: StreamEvent, report: StreamReport, bytes: Buffer): void;
}

export type WireStream = RequestStream<StreamUser>;

/** The requests of a connection, to one of them that ends. */
export interface WireRequests {
  /** The exchange is over. */
  finished(exchange: UnderWay): void;
  /** Gives a stream up, or the rest of its request if the response is complete. */
  reset(stream: WireStream): void;
  /** A stream that was handed over ended. */
  tunnelClosed(tunnel: HandedOver): void;
}

/** What a tunnel needs of the wire that its stream belongs to. */
export interface TunnelWire {
  readonly requests: WireRequests;
  /** Where the bytes of a stream go. */
  bodyOutput(stream: WireStream, sender: BodySender): BodyOutput;
  /** So many bytes of a body were read. */
  consumed(stream: WireStream, length: number): void;
  /** The user of a stream wants more again. */
  resumed(stream: WireStream): void;
  /** The typed error of a stream that the peer has reset; `isAnswered`: the head of its response had come. */
  resetError(code: number, facts: ExchangeFacts, isAnswered: boolean): Error;
}

/** What an exchange needs of its wire, for its upload and its tunnel, too. */
export interface StreamWire extends TunnelWire {
  readonly life: ConnectionLife;
  readonly maxResponseSize: number;
  readonly clock: Clock;
  /** The code of a reset that is no error. */
  readonly noError: number;
  /** How often something was written: what was begun since has not left. */
  readonly writes: number;
  /** The length that the request that was opened last declares for its body; -1 without one. */
  readonly declaredLength: number;

  /**
   * Opens a stream with a request whose body has this length, -1 if it is not known. `body` is all of
   * it if it may leave with the head; whether it does, the stream's `isSent` says.
   *
   * @throws InvalidRequestError when the request cannot be sent.
   */
  open(
    user: StreamUser,
    request: RequestHead,
    length: number,
    body: Uint8Array | undefined,
    expects: boolean,
  ): WireStream;
  /** The typed error of an exchange that ended with this one. */
  errorOf(error: Error, facts: ExchangeFacts): Error;
}
