/**
 * An association: an open connection between two nodes, over a carrier that may lose, double,
 * reorder and delay frames.
 *
 * While it is open, the signals of one sender arrive in the order in which they were sent, each once.
 * What a carrier has lost is sent again; if that is not possible the association fails, and both sides
 * are told: no signal is lost in silence. Pure: it has neither socket nor timer, its owner tells it the time.
 *
 * Source: Akka Artery's associations; `net_ticktime` of Erlang's distribution.
 */
import { areSignals, lengthBytes } from './batch.ts';
import type { DownReason } from './down-reason.ts';
import { fragmentHeader, readFragment, writeFragment, type Fragment } from './fragment.ts';
import {
  encodeFrame,
  frameType,
  readU32,
  headerLength,
  writeHeader,
  type Frame,
  type FrameType,
} from './frame.ts';
import { intervalOf, type AssociationOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Reassembly } from './reassembly.ts';
import { ReplayWindow } from './replay-window.ts';

/** What an association does to the rest. */
export interface AssociationEffects {
  /** Gives a frame to the carrier. With `probe`, the carrier should say if the other node is not there. */
  transmit(frame: Uint8Array, probe: boolean): void;
  /**
   * As `transmit`, for a frame with a buffer of its own that the association needs again only if it gets
   * lost. True when that cannot happen: the carrier has the buffer then.
   */
  handOver(frame: Uint8Array<ArrayBuffer>, probe: boolean): boolean;
  /** A signal has arrived, from `start` to `end`; the bytes are valid until this returns. */
  deliver(bytes: Uint8Array, start: number, end: number): void;
  /** It is over. Nothing comes after that. */
  failed(reason: DownReason): void;
  /** More, or no longer more, than half of what may wait for its acknowledgement waits. */
  busy(on: boolean): void;
}

/** How much an association has done, and what waits in it. */
export interface AssociationFigures {
  readonly framesSent: number;
  readonly signalsSent: number;
  readonly bytesSent: number;
  readonly framesResent: number;
  readonly nacks: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly unacknowledgedFrames: number;
  readonly unacknowledgedBytes: number;
  readonly lastHeard: number;
  readonly suspected: boolean;
}

/** Milliseconds between two requests for the same missing frames. */
const nackMs = 30;
/** Frames that are received before they are acknowledged without waiting. */
const ackEvery = 64;
/** Bytes that are received before they are acknowledged without waiting. */
const ackBytes = 1024 * 1024;
/**
 * Bytes of long signals that may be on their way: what is sent meanwhile waits behind no more than these.
 */
const mostFragmentBytes = 512 * 1024;
/** Bytes of them after which they are acknowledged without waiting, so that their sender can go on. */
const ackFragmentBytes = mostFragmentBytes / 4;
/** Milliseconds after which what was received is acknowledged. */
const ackMs = 250;
/** Milliseconds between two probes of a node under traffic. */
const probeMs = 50;
/** Milliseconds between two probes of a node that was reported unreachable. */
const suspectProbeMs = 250;
/** The last number of a frame; then a new connection is needed. */
const lastSeq = 0xff_ff_ff_00;

export class Association {
  readonly localConnection: number;
  readonly remoteConnection: number;
  readonly #options: AssociationOptions;
  readonly #effects: AssociationEffects;
  readonly #window = new ReplayWindow();
  readonly #outbox: Outbox;
  readonly #reassembly: Reassembly;
  readonly #counts = { sent: 0, signals: 0, bytes: 0, resent: 0, nacks: 0, dups: 0, gaps: 0 };
  #open = true;
  #sent = 0;
  #received = 0;
  #unacked = 0;
  #unackedBytes = 0;
  #unackedFragmentBytes = 0;
  #lastSent: number;
  #lastHeard: number;
  #lastProbe: number;
  #lastAck: number;
  #lastNack = Number.NEGATIVE_INFINITY;
  #lastResend = Number.NEGATIVE_INFINITY;
  #lastLook: number;
  #suspectedAt: number | undefined = undefined;
  #busy = false;

  constructor(
    localConnection: number,
    remoteConnection: number,
    options: AssociationOptions,
    effects: AssociationEffects,
    now: number,
  ) {
    this.localConnection = localConnection;
    this.remoteConnection = remoteConnection;
    this.#options = options;
    this.#effects = effects;
    this.#outbox = new Outbox(options.frameBytes);
    this.#reassembly = new Reassembly(options.windowBytes, options.maxSignalBytes);
    this.#lastSent = this.#lastHeard = this.#lastProbe = this.#lastAck = this.#lastLook = now;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Whether more than half of what may wait for its acknowledgement waits. */
  get busy(): boolean {
    return this.#busy;
  }

  figures(): AssociationFigures {
    const { sent, signals, bytes, resent, nacks, dups, gaps } = this.#counts;
    return {
      framesSent: sent,
      signalsSent: signals,
      bytesSent: bytes,
      framesResent: resent,
      nacks,
      duplicates: dups,
      gaps,
      unacknowledgedFrames: this.#window.frames,
      unacknowledgedBytes: this.#window.bytes + this.#outbox.bytes,
      lastHeard: this.#lastHeard,
      suspected: this.#suspectedAt !== undefined,
    };
  }

  /**
   * Takes a signal, which is copied; it goes with the next {@link flush}.
   * Of signals of other senders, it may overtake those that are longer than a frame.
   */
  send(signal: Uint8Array, sender: number): void {
    if (!this.#open) return;
    this.#outbox.push(signal, sender);
    this.#counts.signals++;
    if (this.#window.bytes + this.#outbox.bytes > this.#options.windowBytes) this.fail('overload');
  }

  /** Sends what was taken since the last time. */
  flush(now: number): void {
    const { frameBytes, windowFrames } = this.#options;
    while (this.#open) {
      for (const frame of this.#outbox.takeFrames()) this.#sendNumbered(frameType.data, frame, now);
      if (this.#window.fragmentBytes >= mostFragmentBytes) break;
      const fragment = this.#outbox.takeFragment(frameBytes - fragmentHeader);
      if (fragment === undefined) break;
      this.#sendFragment(fragment, now);
    }
    if (this.#window.frames > windowFrames) this.fail('overload');
    this.#updateBusy();
  }

  /** Handles a frame of this connection. */
  receive(frame: Frame, now: number): void {
    if (!this.#open) return;
    this.#lastHeard = now;
    this.#suspectedAt = undefined;
    if (frame.ack > this.#window.acknowledged) {
      this.#window.acknowledge(frame.ack);
      if (this.#outbox.bytes > 0) this.flush(now);
      else this.#updateBusy();
      if (!this.#open) return;
    }
    switch (frame.type) {
      case frameType.data:
      case frameType.fragment:
        this.#receiveBody(frame, now);
        return;
      case frameType.probe:
        this.#control(frameType.tick, now);
        this.#look(frame, now);
        return;
      case frameType.tick:
        this.#look(frame, now);
        return;
      case frameType.nack:
        this.#resend(now);
        return;
      case frameType.reset:
        this.fail('connection_reset');
        return;
      case frameType.bye:
        this.fail('bye');
        return;
      default:
    }
  }

  /** Looks at the clock: sends ticks and acknowledgements, and judges the other node. */
  tick(now: number): void {
    if (!this.#open) return;
    const { tickMs, suspectMs, downAfterMs } = this.#options;
    const late = now - this.#lastLook > 2 * tickMs + intervalOf(this.#options);
    this.#lastLook = now;
    // After it was frozen itself, what arrived meanwhile is read first: it judges the next time.
    if (!late) {
      const suspected = this.#suspectedAt;
      if (suspected !== undefined && now - suspected >= suspectMs) {
        this.fail('no_responders');
        return;
      }
      if (now - this.#lastHeard >= downAfterMs) {
        this.fail('tick_timeout');
        return;
      }
    }
    if (this.#suspectedAt !== undefined) {
      if (now - this.#lastProbe >= suspectProbeMs) this.#control(frameType.probe, now, true);
    } else if (now - this.#lastSent >= tickMs) {
      this.#control(frameType.tick, now, true);
    } else if (this.#unacked > 0 && now - this.#lastAck >= ackMs) {
      this.#control(frameType.tick, now);
    }
  }

  /** Asks the other node whether it is there. */
  probe(now: number): void {
    if (this.#open) this.#control(frameType.probe, now, true);
  }

  /** The carrier says that the other node was not there when a probe arrived. */
  unreachable(now: number): void {
    this.#suspectedAt ??= now;
  }

  /** Whether it has heard of the other node since a time. */
  heardSince(time: number): boolean {
    return this.#lastHeard > time;
  }

  /** Ends it. */
  fail(reason: DownReason): void {
    if (!this.#open) return;
    this.#open = false;
    this.#effects.failed(reason);
  }

  #sendFragment(fragment: Fragment, now: number): void {
    const frame = Buffer.allocUnsafeSlow(headerLength + fragmentHeader + fragment.part.length);
    writeFragment(frame, headerLength, fragment);
    this.#sendNumbered(frameType.fragment, frame, now);
  }

  #sendNumbered(type: FrameType, frame: Uint8Array<ArrayBuffer>, now: number): void {
    if (!this.#open) return;
    if (this.#sent >= lastSeq) {
      this.fail('sequence_exhausted');
      return;
    }
    writeHeader(frame, type, this.remoteConnection, ++this.#sent, this.#received);
    const { length } = frame; // it has none any more when it is handed over
    const probe = now - this.#lastProbe >= probeMs;
    if (probe) this.#lastProbe = now;
    this.#willSend(length, now);
    const isSafe = this.#effects.handOver(frame, probe);
    this.#window.push(type, length, isSafe || !this.#options.replay ? undefined : frame);
  }

  #receiveBody(frame: Frame, now: number): void {
    const { seq, type, body } = frame;
    if (seq <= this.#received) {
      this.#counts.dups++;
      // The other node may not know that it was received.
      this.#unacked++;
      return;
    }
    if (seq > this.#received + 1) {
      this.#missing(now);
      return;
    }
    this.#received = seq;
    this.#unacked++;
    this.#unackedBytes += body.length;
    if (type === frameType.data) this.#deliverAll(body);
    else {
      this.#unackedFragmentBytes += body.length;
      this.#deliverPart(body);
    }
    const isDue =
      this.#unacked >= ackEvery ||
      this.#unackedBytes >= ackBytes ||
      this.#unackedFragmentBytes >= ackFragmentBytes;
    if (isDue) this.#control(frameType.tick, now);
  }

  #deliverAll(body: Uint8Array): void {
    if (!areSignals(body)) {
      this.fail('bad_frame');
      return;
    }
    for (let at = 0; at < body.length && this.#open;) {
      const start = at + lengthBytes;
      at = start + readU32(body, at);
      this.#effects.deliver(body, start, at);
    }
  }

  #deliverPart(body: Uint8Array): void {
    const fragment = readFragment(body);
    const added = fragment === undefined ? 'refused' : this.#reassembly.add(fragment);
    if (added === 'refused') this.fail('bad_frame');
    else if (added !== 'incomplete') this.#effects.deliver(added, 0, added.length);
  }

  /** Compares what the other node has sent with what has arrived. */
  #look({ seq }: Frame, now: number): void {
    if (seq > this.#received) this.#missing(now);
  }

  #missing(now: number): void {
    this.#counts.gaps++;
    if (!this.#options.replay) {
      this.fail('lost_signals');
      return;
    }
    if (now - this.#lastNack < nackMs) return;
    this.#lastNack = now;
    this.#counts.nacks++;
    this.#control(frameType.nack, now);
  }

  #resend(now: number): void {
    if (!this.#options.replay) {
      this.fail('lost_signals');
      return;
    }
    if (now - this.#lastResend < nackMs) return;
    this.#lastResend = now;
    this.#lastSent = now;
    // Their acknowledgements are of the time when they were sent first.
    for (const frame of this.#window.unacknowledged()) {
      if (frame === undefined) {
        this.fail('lost_signals');
        return;
      }
      this.#counts.resent++;
      this.#effects.transmit(frame, false);
    }
  }

  #control(type: FrameType, now: number, probe = false): void {
    if (!this.#open) return;
    if (probe) this.#lastProbe = now;
    const frame = encodeFrame(type, this.remoteConnection, this.#sent, this.#received);
    this.#willSend(frame.length, now);
    this.#effects.transmit(frame, probe);
  }

  /** Each new frame acknowledges what was received. */
  #willSend(length: number, now: number): void {
    this.#counts.sent++;
    this.#counts.bytes += length;
    this.#lastSent = this.#lastAck = now;
    this.#unacked = this.#unackedBytes = this.#unackedFragmentBytes = 0;
  }

  #updateBusy(): void {
    if (!this.#open) return;
    const { windowBytes, windowFrames } = this.#options;
    const bytes = this.#window.bytes + this.#outbox.bytes;
    const busy = bytes > windowBytes / 2 || this.#window.frames > windowFrames / 2;
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#effects.busy(busy);
  }
}
