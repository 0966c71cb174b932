/** One call of a caller, of any kind, with options of any kind; and whether its answer is one. */
import { isAlive, receive, type Pid } from '@linnet/otp';
import {
  Finch,
  InstanceNotFoundError,
  isFinchError,
  type AsyncRequestMessage,
  type DirectStream,
  type Request,
  type RequestOptions,
} from '../src/index.ts';
import { faultsOf } from './answers.ts';
import type { Random } from './random.ts';
import type { Entry, Tally } from './tally.ts';
import type { World } from './world.ts';

export interface Caller {
  readonly world: World;
  readonly tally: Tally;
  readonly random: Random;
  /** The process that calls, if it is one. */
  readonly pid: Pid | undefined;
  /** What it waits for: ends now when the process dies. */
  current: Entry | undefined;
}

const kinds = {
  request: 40,
  stream: 12,
  streamWhile: 6,
  open: 12,
  abandon: 3,
  lease: 14,
  direct: 6,
  unlisted: 3,
  ping: 4,
  async: 12,
} as const;

const second = 1000;

/** Calls once, and waits for the end. */
export async function call(caller: Caller): Promise<void> {
  const { random, pid, world, tally } = caller;
  const kind = random.weighted(kinds);
  let finch: Finch;
  try {
    finch = Finch.get(world.name);
  } catch (error) {
    if (!(error instanceof InstanceNotFoundError)) throw error;
    return;
  }
  const one = new Call(caller, finch);
  try {
    if (kind === 'async' && pid !== undefined) await one.async();
    else if (kind === 'async') await one.request();
    else await one[kind]();
  } catch (error) {
    // What does not wait throws: the instance may be down, or the process dead.
    if (!isFinchError(error) && one.alive) tally.violation(`${kind} threw ${String(error)}`);
  } finally {
    one.clear();
  }
}

let calls = 0;

class Call {
  private readonly caller: Caller;
  private readonly finch: Finch;
  private readonly aim: number;
  private readonly path = `/${++calls}`;
  private sent = 0;
  private what = '';
  private bodyLength = 0;
  private abortTimer: NodeJS.Timeout | undefined;

  constructor(caller: Caller, finch: Finch) {
    this.caller = caller;
    this.finch = finch;
    this.aim = caller.random.between(0, caller.world.aims.length - 1);
  }

  clear(): void {
    clearTimeout(this.abortTimer);
    this.caller.current = undefined;
  }

  async request(): Promise<void> {
    const { options, entry } = this.begin('request');
    const response = await this.end(entry, this.finch.request(this.build(), options));
    if (response !== undefined) this.check(response.status, response.headers, response.text());
  }

  async stream(): Promise<void> {
    const { options, entry } = this.begin('stream');
    const { random, tally } = this.caller;
    const parts: string[] = [];
    let headers: Fields | undefined;
    let status = 0;
    const slow = random.chance(0.3);
    const folded = this.finch.stream(
      this.build(),
      0,
      (part, acc) => {
        if (entry.ended) tally.violation(`${entry.what} went on after its end`);
        if (part.type === 'status') status = part.status;
        else if (part.type === 'headers') headers = part.headers;
        else if (part.type === 'data') parts.push(Buffer.from(part.data).toString('latin1'));
        return slow ? pause(random.between(0, 20), acc + 1) : acc + 1;
      },
      options,
    );
    const ended = await this.end(entry, folded);
    if (ended !== undefined && headers !== undefined) this.check(status, headers, parts.join(''));
  }

  async streamWhile(): Promise<void> {
    const { options, entry } = this.begin('streamWhile');
    const stopAt = this.caller.random.between(1, 5);
    await this.end(
      entry,
      this.finch.streamWhile(
        this.build(),
        0,
        (_part, acc) => (acc >= stopAt ? { halt: acc } : { cont: acc + 1 }),
        options,
      ),
    );
  }

  /** Reads the body, or a part of it. */
  async open(): Promise<void> {
    const { options, entry } = this.begin('open');
    const { random } = this.caller;
    const pieces: string[] = [];
    const most = random.chance(0.3) ? random.between(0, 2) : Infinity;
    const slow = random.chance(0.2);
    const run = async (): Promise<() => void> => {
      const response = await this.finch.open(this.build(), options);
      let left = most;
      for await (const chunk of response.body) {
        pieces.push(Buffer.from(chunk).toString('latin1'));
        if (slow) await pause(random.between(0, 20), 0);
        if (--left < 0) return () => {};
      }
      return () => this.check(response.status, response.headers, pieces.join(''));
    };
    (await this.end(entry, run()))?.();
  }

  /** Never reads the body: it must not keep its connection. */
  async abandon(): Promise<void> {
    const { options, entry } = this.begin('open, not read');
    await this.end(entry, this.finch.open(this.build(), options));
  }

  async lease(): Promise<void> {
    const { random, tally, world } = this.caller;
    const checkoutTimeout = random.between(5, 800);
    const { signal } = this.limits();
    const entry = tally.begin(`checkout of ${this.key}`, checkoutTimeout);
    this.follow(entry, signal);
    const lease = await this.end(
      entry,
      this.finch.checkout(world.keys[this.aim] as string, { checkoutTimeout, signal }),
    );
    if (lease === undefined) return;
    try {
      for (let count = random.between(0, 3); count > 0 && this.alive; count--) {
        const { options, entry: inner } = this.begin('request of a lease');
        const response = await this.end(inner, lease.request(this.build(), options));
        if (response === undefined) break;
        this.check(response.status, response.headers, response.text());
      }
      if (random.chance(0.3)) await pause(random.between(0, 100), 0);
    } finally {
      // A process that is dead by now has given it back already.
      if (random.chance(0.5)) lease.release();
      else this.finch.checkin(lease);
      if (lease.release()) tally.violation('a lease was released twice');
    }
  }

  /** A stream of its own: a body that is written piece by piece. */
  async direct(): Promise<void> {
    const { random, tally, world } = this.caller;
    const checkoutTimeout = random.between(5, 800);
    const entry = tally.begin(`shared checkout of ${this.key}`, checkoutTimeout);
    this.follow(entry, undefined);
    const key = world.keys[this.aim] as string;
    const lease = await this.end(entry, this.finch.checkoutShared(key, { checkoutTimeout }));
    if (lease === undefined) return;
    try {
      if (!this.alive) return;
      const { options, entry: inner } = this.begin('stream of a lease');
      this.bodyLength = 0;
      const stream = lease.openStream('POST', `${this.path}/${this.sent}`, null, options);
      const run = async (): Promise<() => void> => {
        const piece = 'b'.repeat(random.between(1, 20_000));
        void this.write(stream, piece, random.between(0, 4));
        const response = await stream.response;
        const text = await response.text();
        return () => this.check(response.status, response.headers, text);
      };
      (await this.end(inner, run()))?.();
    } finally {
      lease.release();
    }
  }

  /** Takes a connection out of its pool for a while. */
  async unlisted(): Promise<void> {
    const connection = this.finch.checkoutH2(this.key);
    if (connection === undefined || !this.finch.unregisterH2(connection)) return;
    try {
      const { options, entry } = this.begin('request of a connection');
      const response = await this.end(entry, connection.request(this.build(), options));
      if (response !== undefined) this.check(response.status, response.headers, response.text());
    } finally {
      // The pool of a process that is dead by now has it back already.
      if (this.caller.random.chance(0.8)) this.finch.registerH2(this.key, connection);
      else connection.close();
    }
  }

  async ping(): Promise<void> {
    const { random, tally } = this.caller;
    const timeout = random.between(5, 500);
    const entry = tally.begin(`ping of ${this.key}`, timeout);
    this.follow(entry, undefined);
    await this.end(entry, this.finch.ping(this.key, { timeout }));
  }

  async async(): Promise<void> {
    const { random, tally } = this.caller;
    const { options, entry } = this.begin('asyncRequest');
    const ref = this.finch.asyncRequest(this.build(), options);
    const cancelAfter = random.chance(0.2) ? random.between(0, 4) : Infinity;
    const parts: string[] = [];
    let status = 0;
    let headers: Fields | undefined;
    for (let count = 0; ; count++) {
      if (count >= cancelAfter) {
        tally.endsNow(entry);
        await this.finch.cancelAsyncRequest(ref);
        this.finish(entry, 'cancelled by its ref');
        break;
      }
      const { part } = await receive<AsyncRequestMessage>((message) => ref.isMessage(message));
      if (part.type === 'status') status = part.status;
      else if (part.type === 'headers') headers = part.headers;
      else if (part.type === 'data') parts.push(Buffer.from(part.data).toString('latin1'));
      else if (part.type === 'error') {
        if (!entry.ended) tally.failed(entry, part.error);
        break;
      } else if (part.type === 'done') {
        this.finish(entry, 'ok');
        if (headers !== undefined) this.check(status, headers, parts.join(''));
        break;
      }
    }
    await receive((message) => ref.isMessage(message), { timeout: 0 }).then(
      () => tally.violation('an async request sent a message after its end'),
      () => {},
    );
  }

  // ------------------------------------------------------------------------------

  get alive(): boolean {
    const { pid } = this.caller;
    return pid === undefined || isAlive(pid);
  }

  private get key(): string {
    return this.caller.world.keys[this.aim] as string;
  }

  private end<T>(entry: Entry, promise: Promise<T>): Promise<T | undefined> {
    return this.caller.tally.track(entry, promise);
  }

  private finish(entry: Entry, outcome: string): void {
    // The death of the process has ended it.
    if (!entry.ended) this.caller.tally.end(entry, outcome);
  }

  private begin(what: string): { options: RequestOptions; entry: Entry } {
    const { limit, ...options } = this.limits();
    this.sent++;
    this.what = what;
    const entry = this.caller.tally.begin(`${what} ${this.path} to ${this.key}`, limit);
    this.follow(entry, options.signal);
    return { options, entry };
  }

  private follow(entry: Entry, signal: AbortSignal | undefined): void {
    const { caller } = this;
    caller.current = entry;
    signal?.addEventListener('abort', () => caller.tally.endsNow(entry), { once: true });
    if (signal?.aborted === true) caller.tally.endsNow(entry);
  }

  /** Options, and the time within which they have a request end. */
  private limits(): RequestOptions & { readonly limit: number } {
    const { random } = this.caller;
    const poolTimeout = random.between(5, 600);
    const connectTimeout = random.between(20, 700);
    const receiveTimeout = random.between(20, 500);
    // A body may come with a silence before each of its pieces, and up to four times.
    const whole = 4 * (poolTimeout + 4 * connectTimeout + receiveTimeout) + 5 * second;
    const requestTimeout = random.chance(0.6) ? random.between(1, 900) : 'infinity';
    return {
      poolTimeout,
      connectTimeout,
      receiveTimeout,
      requestTimeout,
      retry: random.chance(0.8),
      ...(random.chance(0.2) ? { signal: this.signal() } : undefined),
      limit: requestTimeout === 'infinity' ? whole : requestTimeout,
    };
  }

  private async write(stream: DirectStream, piece: string, count: number): Promise<void> {
    try {
      for (let left = count; left > 0; left--) {
        this.bodyLength += piece.length;
        await stream.write(piece);
      }
      stream.end();
    } catch (error) {
      // What became of the request is told by its response.
      if (!isFinchError(error)) this.caller.tally.violation(`a stream threw ${String(error)}`);
    }
  }

  private signal(): AbortSignal {
    const controller = new AbortController();
    const after = this.caller.random.between(-5, 100);
    if (after < 0) controller.abort();
    else this.abortTimer = setTimeout(() => controller.abort(), after);
    return controller.signal;
  }

  private build(): Request {
    const { random, world } = this.caller;
    const aim = world.aims[this.aim] as World['aims'][number];
    const { url, tag, unixSocket } = aim;
    const method = random.weighted({ GET: 60, HEAD: 8, POST: 24, PUT: 8 });
    const target = `${url}${this.path}/${this.sent}`;
    const where = unixSocket === undefined ? { poolTag: tag } : { unixSocket };
    return Finch.build(method, target, undefined, this.body(method), where);
  }

  private body(method: string): string | AsyncIterable<string> | null {
    this.bodyLength = 0;
    if (method !== 'POST' && method !== 'PUT') return null;
    const { random } = this.caller;
    const piece = 'b'.repeat(random.between(0, 20_000));
    const streamed = random.chance(0.5);
    this.bodyLength = streamed ? 3 * piece.length : piece.length;
    return streamed ? pieces(piece) : piece;
  }

  private check(status: number, headers: Fields, body: string): void {
    const behaviour = headers.get('x-behaviour');
    const answer = { status, behaviour, received: headers.get('x-received'), body };
    const asked = { path: `${this.path}/${this.sent}`, bodyLength: this.bodyLength };
    const about = `${this.what} ${this.path} to ${this.key}, answered with ${String(behaviour)}, ${status} and ${body.length} bytes`;
    for (const fault of faultsOf(answer, asked)) this.caller.tally.violation(`${fault}: ${about}`);
  }
}

interface Fields {
  get(name: string): string | undefined;
}

function pause<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, value);
  });
}

async function* pieces(piece: string): AsyncGenerator<string> {
  for (let count = 0; count < 3; count++) {
    yield piece;
    await pause(1, 0);
  }
}
