/**
 * A handler that writes down all that a wire calls it with, in order, and can
 * be waited for.
 */
import type { Duplex } from 'node:stream';
import type { Fields, Exchange, Wire, WireHandler, WireRequest } from '../../src/index.ts';

export type ExchangeEvent =
  | {
      readonly type: 'informational' | 'headers';
      readonly status: number;
      readonly headers: string[];
    }
  | { readonly type: 'data'; readonly text: string }
  | { readonly type: 'end'; readonly trailers: string[]; readonly usable: boolean }
  | { readonly type: 'error'; readonly error: Error }
  | { readonly type: 'upgrade'; readonly status: number };

export class ExchangeLog implements WireHandler {
  readonly events: ExchangeEvent[] = [];
  /** Fulfilled by the first event that ends the exchange. */
  readonly done: Promise<this>;
  /** The socket after an upgrade. */
  socket: Duplex | undefined;
  exchange: Exchange | undefined;
  /** What `onData` returns. */
  greedy = true;
  /** Called at the end, inside `onEnd`. */
  atEnd: () => void = () => {};
  private readonly wire: Wire;
  private finish!: (log: this) => void;
  private watchers: (() => void)[] = [];

  constructor(wire: Wire) {
    this.wire = wire;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get status(): number | undefined {
    const head = this.events.find((event) => event.type === 'headers');
    return head?.type === 'headers' ? head.status : undefined;
  }

  get body(): string {
    return this.events.map((event) => (event.type === 'data' ? event.text : '')).join('');
  }

  get error(): Error | undefined {
    const last = this.events.at(-1);
    return last?.type === 'error' ? last.error : undefined;
  }

  /** The kinds of events, repeated pieces of data as one. */
  get kinds(): string[] {
    return this.events
      .map((event) => event.type)
      .filter((type, index, all) => type !== 'data' || all[index - 1] !== 'data');
  }

  /** How many events ended the exchange: 1, when it is over. */
  get endings(): number {
    return this.events.filter((event) => ['end', 'error', 'upgrade'].includes(event.type)).length;
  }

  /** Waits until the condition holds; it is looked at after every event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }

  onInformational(status: number, headers: Fields): void {
    this.add({ type: 'informational', status, headers: [...headers.list] });
  }

  onHeaders(status: number, headers: Fields): void {
    this.add({ type: 'headers', status, headers: [...headers.list] });
  }

  onData(bytes: Buffer, from: number, to: number): boolean {
    this.add({ type: 'data', text: bytes.toString('latin1', from, to) });
    return this.greedy;
  }

  onEnd(trailers: Fields): void {
    this.add({ type: 'end', trailers: [...trailers.list], usable: this.wire.usable });
    this.finish(this);
    this.atEnd();
  }

  onError(error: Error): void {
    this.add({ type: 'error', error });
    this.finish(this);
  }

  onUpgrade(status: number, _headers: Fields, socket: Duplex): void {
    this.socket = socket;
    this.add({ type: 'upgrade', status });
    this.finish(this);
  }

  private add(event: ExchangeEvent): void {
    this.events.push(event);
    const { watchers } = this;
    this.watchers = [];
    for (const watcher of watchers) watcher();
  }
}

/** Sends a request and logs what comes of it. */
export function send(wire: Wire, request: Partial<WireRequest> = {}): ExchangeLog {
  const log = new ExchangeLog(wire);
  log.exchange = wire.send({ method: 'GET', target: '/', headers: [], ...request }, log);
  return log;
}
