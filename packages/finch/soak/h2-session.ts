/**
 * The server's side of an HTTP/2 connection, for the soak: it heeds the windows
 * of the client, gives back its own as they are used, answers SETTINGS and PING,
 * and says nothing else of its own accord. Nothing is kept of a stream that is
 * closed.
 *
 * It watches the client as well: what a client must not send is a complaint.
 */
import type { Socket } from 'node:net';
import {
  encodeFrame,
  encodeGoaway,
  encodeSettings,
  encodeWindowUpdate,
  FrameDecoder,
  frameFlag,
  settingIds,
  type Frame,
} from '@linnet/mint/testing';
import { H2Stream, type StreamHost } from './h2-stream.ts';

export interface ServerSettings {
  readonly maxConcurrentStreams?: number;
  /** So many bytes of each request's body may be under way. */
  readonly initialWindowSize?: number;
}

export interface SessionEvents {
  /** All of a request has come. */
  onRequest(stream: H2Stream): void;
  /** The client has sent what it must not send. */
  onComplaint(what: string): void;
}

/** Before anybody said otherwise (RFC 9113, 6.5.2 and 6.9.2). */
const defaultWindow = 65_535;
const defaultFrameSize = 16_384;
const maxWindow = 2 ** 31 - 1;

const needsStream: ReadonlySet<Frame['type']> = new Set(['DATA', 'RST_STREAM', 'WINDOW_UPDATE']);

export class H2Session implements StreamHost {
  sendWindow = defaultWindow;
  maxFrameSize = defaultFrameSize;
  private readonly socket: Socket;
  private readonly events: SessionEvents;
  private readonly streams = new Map<number, H2Stream>();
  /** Those whose bodies wait for the window of the connection. */
  private readonly waiting = new Set<H2Stream>();
  /** The highest stream that the client has opened. */
  private highest = 0;
  /** The highest stream that is served: lower after GOAWAY than those that the client may open. */
  private highestServed = Infinity;
  /** What the client said of new streams. */
  private clientWindow = defaultWindow;
  /** How much the client may still send on all streams, and what was not given back. */
  private receiveWindow = defaultWindow;
  private owed = 0;
  private isGivingBack = false;
  /** What the client has acknowledged, and what it has not. */
  private initialWindow = defaultWindow;
  private maxStreams = Infinity;
  private readonly unacknowledged: ServerSettings[] = [];
  private isWindingDown = false;

  constructor(socket: Socket, settings: ServerSettings, events: SessionEvents) {
    this.socket = socket;
    this.events = events;
    socket.setNoDelay(true);
    const decoder = new FrameDecoder({
      onFrame: (frame) => this.onFrame(frame),
      onHeaders: (head) => this.onHeaders(head),
    });
    socket.on('data', (chunk: Buffer) => {
      // One write for all answers to a chunk.
      socket.cork();
      try {
        decoder.decode(chunk);
      } catch (error) {
        this.complain((error as Error).message);
      }
      socket.uncork();
    });
    socket.once('close', () => {
      for (const stream of this.streams.values()) stream.close();
      this.streams.clear();
      this.waiting.clear();
    });
    this.settings(settings);
  }

  settings(settings: ServerSettings): void {
    this.unacknowledged.push(settings);
    this.send(encodeSettings({ ...settings }));
  }

  /** Says that the server goes, and that it has not looked at streams above `last`. */
  goaway(code: number, last = this.highest): void {
    this.highestServed = Math.min(this.highestServed, last);
    for (const stream of this.streams.values()) {
      if (stream.id > this.highestServed) this.forget(stream);
    }
    this.send(encodeGoaway(this.highestServed, code));
  }

  /** Says that the server goes, and closes the connection once all streams are closed. */
  windDown(): void {
    this.goaway(0);
    this.isWindingDown = true;
    if (this.streams.size === 0) this.socket.end();
  }

  // For streams -------------------------------------------------------------------

  send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  sendData(frame: Buffer, length: number): void {
    this.sendWindow -= length;
    this.send(frame);
  }

  awaitWindow(stream: H2Stream): void {
    this.waiting.add(stream);
  }

  forget(stream: H2Stream): void {
    stream.close();
    this.streams.delete(stream.id);
    this.waiting.delete(stream);
    if (this.isWindingDown && this.streams.size === 0) this.socket.end();
  }

  // What comes ----------------------------------------------------------------------

  private onFrame(frame: Frame): void {
    if (needsStream.has(frame.type) && frame.stream > this.highest) {
      this.complain(`${frame.type} of stream ${frame.stream}, which it has not opened`);
      return;
    }
    if (frame.payload.length > defaultFrameSize) {
      this.complain(`${frame.type} of ${frame.payload.length} bytes`);
      return;
    }
    switch (frame.type) {
      case 'DATA':
        this.onData(frame);
        break;
      case 'SETTINGS':
        this.onSettings(frame);
        break;
      case 'PING':
        if (!frame.ack) this.send(encodeFrame('PING', frameFlag.ACK, 0, frame.payload));
        break;
      case 'WINDOW_UPDATE':
        this.onWindowUpdate(frame);
        break;
      case 'RST_STREAM': {
        const stream = this.streams.get(frame.stream);
        if (stream !== undefined) this.forget(stream);
        break;
      }
      default:
      // HEADERS are told of once they are whole; nothing else asks for anything.
    }
  }

  private onHeaders({ stream: id, fields, endStream }: Frame): void {
    const open = this.streams.get(id);
    if (open !== undefined) {
      if (open.isRequestWhole || !endStream) this.complain('HEADERS that are no trailers');
      else this.requestIsWhole(open);
      return;
    }
    // Trailers of a stream that is closed here.
    if (id <= this.highest) return;
    if (id % 2 === 0) this.complain(`HEADERS of stream ${id}, which is the server's`);
    this.highest = id;
    if (id > this.highestServed) return;
    if (this.streams.size >= this.maxStreams) {
      this.complain(`${this.streams.size + 1} streams at a time, of ${this.maxStreams}`);
      return;
    }
    const stream = new H2Stream(
      this,
      { id, method: fields.get(':method') ?? '', path: fields.get(':path') ?? '' },
      { send: this.clientWindow, receive: this.initialWindow },
    );
    this.streams.set(id, stream);
    if (endStream) this.requestIsWhole(stream);
  }

  private onData({ stream: id, payload, content, endStream }: Frame): void {
    this.receiveWindow -= payload.length;
    this.owed += payload.length;
    if (this.receiveWindow < 0) this.complain('more than the window of the connection');
    this.giveBack();
    const stream = this.streams.get(id);
    // Under way when the stream was closed here.
    if (stream === undefined) return;
    if (stream.isRequestWhole) {
      this.complain('DATA after the end of a request');
      return;
    }
    stream.received += content.length;
    stream.receiveWindow -= payload.length;
    stream.owed += payload.length;
    if (stream.receiveWindow < 0) this.complain('more than the window of a stream');
    if (endStream) this.requestIsWhole(stream);
    else this.giveBackTo(stream);
  }

  /** Gives back the window of the connection, though not before all that has come is judged by it. */
  private giveBack(): void {
    if (2 * this.owed < defaultWindow || this.isGivingBack) return;
    this.isGivingBack = true;
    setImmediate(() => {
      this.isGivingBack = false;
      this.send(encodeWindowUpdate(0, this.owed));
      this.receiveWindow += this.owed;
      this.owed = 0;
    });
  }

  /** Gives back the window of a stream. One that began narrow gets wide, or a body would take minutes. */
  private giveBackTo(stream: H2Stream): void {
    const { owed, isRequestWhole } = stream;
    if (isRequestWhole || owed === 0 || 2 * owed < this.initialWindow) return;
    const increment = Math.max(owed, defaultWindow - stream.receiveWindow);
    this.send(encodeWindowUpdate(stream.id, increment));
    stream.receiveWindow += increment;
    stream.owed = 0;
  }

  private requestIsWhole(stream: H2Stream): void {
    stream.isRequestWhole = true;
    this.events.onRequest(stream);
  }

  private onSettings({ ack, settings }: Frame): void {
    if (ack) {
      this.acknowledged();
      return;
    }
    const window = settings.get(settingIds.initialWindowSize) ?? this.clientWindow;
    this.maxFrameSize = settings.get(settingIds.maxFrameSize) ?? this.maxFrameSize;
    const change = window - this.clientWindow;
    this.clientWindow = window;
    this.send(encodeFrame('SETTINGS', frameFlag.ACK));
    if (change === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindow += change;
      stream.flush();
    }
  }

  private acknowledged(): void {
    const settings = this.unacknowledged.shift();
    if (settings === undefined) {
      this.complain('an acknowledgement of no SETTINGS');
      return;
    }
    this.maxStreams = settings.maxConcurrentStreams ?? this.maxStreams;
    const window = settings.initialWindowSize ?? this.initialWindow;
    const change = window - this.initialWindow;
    this.initialWindow = window;
    if (change === 0) return;
    for (const stream of this.streams.values()) {
      stream.receiveWindow += change;
      // More may have come than the new window is wide: nothing else would follow.
      this.giveBackTo(stream);
    }
  }

  private onWindowUpdate({ stream: id, increment }: Frame): void {
    if (id === 0) {
      this.sendWindow += increment;
      if (this.sendWindow > maxWindow) this.complain('a window of the connection beyond 2^31 - 1');
      for (const stream of this.waiting) {
        if (this.sendWindow <= 0) return;
        this.waiting.delete(stream);
        stream.flush();
      }
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    stream.sendWindow += increment;
    if (stream.sendWindow > maxWindow) this.complain('a window of a stream beyond 2^31 - 1');
    stream.flush();
  }

  private complain(what: string): void {
    if (this.socket.destroyed) return;
    this.events.onComplaint(`the client sent: ${what}`);
    this.socket.destroy();
  }
}
