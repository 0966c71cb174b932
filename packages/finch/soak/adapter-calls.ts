/** One call of a caller through an adapter: the fetch of Node.js, undici's request, or node:http with an agent. */
import { request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { isAlive } from '@linnet/otp';
import { request as undiciRequest } from 'undici';
import {
  AdapterError,
  Finch,
  InstanceNotFoundError,
  isFinchError,
  type FinchAgents,
  type FinchDispatcher,
} from '../src/index.ts';
import { faultsOf, type Answer } from './answers.ts';
import type { Caller } from './calls.ts';
import type { Entry } from './tally.ts';
import type { Aim } from './world.ts';

/** By what a soak calls; `finch` is the client itself. */
export type ClientKind = 'fetch' | 'dispatcher' | 'agent';

let calls = 0;

/** What calls once by this client, and waits for the end. */
export function callThrough(kind: ClientKind): (caller: Caller) => Promise<void> {
  return async (caller) => {
    const { world } = caller;
    let finch: Finch;
    try {
      finch = Finch.get(world.name);
    } catch (error) {
      if (!(error instanceof InstanceNotFoundError)) throw error;
      return;
    }
    await new callOf[kind](caller, finch).run();
  };
}

abstract class AdapterCall {
  protected readonly finch: Finch;
  protected readonly caller: Caller;
  protected readonly aim: Aim;
  protected readonly path = `/${++calls}/1`;
  protected readonly method: string;
  protected readonly body: string | undefined;
  /** How long it may take; as an option of the client, or by a timer. */
  protected readonly timeout: number;
  protected readonly controller = new AbortController();
  private abortTimer: NodeJS.Timeout | undefined;

  constructor(caller: Caller, finch: Finch, aims: readonly Aim[]) {
    const { random } = caller;
    this.caller = caller;
    this.finch = finch;
    this.aim = random.pick(aims);
    this.method = random.weighted({ GET: 60, HEAD: 8, POST: 24, PUT: 8 });
    const hasBody = this.method === 'POST' || this.method === 'PUT';
    this.body = hasBody ? 'b'.repeat(random.between(1, 20_000)) : undefined;
    this.timeout = random.between(20, 900);
  }

  protected abstract send(): Promise<Answer>;

  async run(): Promise<void> {
    const { caller, aim, path } = this;
    const { tally, random } = caller;
    const entry = tally.begin(`${path} to ${aim.url}#${aim.tag}`, this.timeout);
    caller.current = entry;
    if (random.chance(0.15)) {
      this.abortTimer = setTimeout(
        () => {
          tally.endsNow(entry);
          this.controller.abort();
        },
        random.between(0, 100),
      );
    }
    try {
      const answer = await this.send();
      this.check(answer);
      tally.end(entry, answer.body === undefined ? 'left early' : 'ok');
    } catch (error) {
      this.failed(entry, error);
    } finally {
      clearTimeout(this.abortTimer);
      caller.current = undefined;
    }
  }

  /** Its error is one of ours, which the other client may have wrapped, or one that client has itself. */
  private failed(entry: Entry, error: unknown): void {
    const { tally, pid } = this.caller;
    const ours = finchError(error);
    const callerDied = pid !== undefined && !isAlive(pid);
    if (ours !== undefined) tally.failed(entry, ours);
    else if (this.controller.signal.aborted) tally.end(entry, 'aborted');
    else if (this.isExpected(error)) tally.end(entry, nameOf(error), error as Error);
    else if (callerDied) tally.end(entry, 'the caller died');
    else tally.failed(entry, error);
  }

  /** Whether the other client has errors of its own like this. */
  protected isExpected(_error: unknown): boolean {
    return false;
  }

  private check(answer: Answer): void {
    const { caller, path, aim } = this;
    const about = `${path} to ${aim.url}#${aim.tag}, answered with ${String(answer.behaviour)} and ${answer.status}`;
    const asked = { path, bodyLength: this.body?.length ?? 0 };
    for (const fault of faultsOf(answer, asked)) caller.tally.violation(`${fault}: ${about}`);
  }
}

class FetchCall extends AdapterCall {
  /** All but the port where nobody listens, which fetch refuses itself. */
  constructor(caller: Caller, finch: Finch) {
    const { aims } = caller.world;
    super(
      caller,
      finch,
      aims.filter(({ url }) => !url.endsWith(':1')),
    );
  }

  protected async send(): Promise<Answer> {
    const { aim, path, method, body, controller, caller } = this;
    const { random } = caller;
    const dispatcher = dispatcherFor(this.finch, caller, aim, this.timeout);
    const response = await fetch(aim.url + path, {
      method,
      dispatcher,
      signal: controller.signal,
      ...(body === undefined ? undefined : { body: random.chance(0.5) ? body : streamed(body) }),
      duplex: 'half',
    });
    const { status, headers } = response;
    const behaviour = headers.get('x-behaviour') ?? undefined;
    const received = headers.get('x-received') ?? undefined;
    if (random.chance(0.1)) {
      await response.body?.cancel();
      return { status, behaviour, received, body: undefined };
    }
    return { status, behaviour, received, body: await response.text() };
  }
}

class DispatcherCall extends AdapterCall {
  constructor(caller: Caller, finch: Finch) {
    super(caller, finch, caller.world.aims);
  }

  protected async send(): Promise<Answer> {
    const { aim, path, body: sent, controller, caller } = this;
    const { random } = caller;
    const { statusCode, headers, body } = await undiciRequest(aim.url + path, {
      method: this.method,
      dispatcher: dispatcherFor(this.finch, caller, aim, this.timeout),
      signal: controller.signal,
      ...(sent === undefined
        ? undefined
        : { body: random.chance(0.5) ? sent : Readable.from(pieces(sent)) }),
    });
    const behaviour = headers['x-behaviour'] as string | undefined;
    const received = headers['x-received'] as string | undefined;
    if (random.chance(0.1)) {
      // Who leaves it does not hear how it ends.
      body.on('error', () => {}).destroy();
      return { status: statusCode, behaviour, received, body: undefined };
    }
    return { status: statusCode, behaviour, received, body: await body.text() };
  }
}

/** A dispatcher with limits for one call. */
function dispatcherFor(
  finch: Finch,
  { random }: Caller,
  aim: Aim,
  timeout: number,
): FinchDispatcher {
  return finch.dispatcher({
    poolTimeout: random.between(5, 600),
    connectTimeout: random.between(20, 700),
    headersTimeout: random.between(20, 500),
    bodyTimeout: random.between(20, 500),
    requestTimeout: timeout,
    ...(aim.unixSocket === undefined ? { poolTag: aim.tag } : { unixSocket: aim.unixSocket }),
  });
}

/** Those of an instance, by tag: they keep streams from one request to the next. */
const agents = new Map<string, FinchAgents>();

function agentsOf(finch: Finch, poolTag: string): FinchAgents {
  const known = agents.get(poolTag);
  if (known !== undefined) return known;
  const made = finch.agent({ poolTag, checkoutTimeout: 900, connectTimeout: 700 });
  agents.set(poolTag, made);
  return made;
}

class AgentCall extends AdapterCall {
  /** Those of HTTP/1.1. */
  constructor(caller: Caller, finch: Finch) {
    const { aims } = caller.world;
    const [plain] = aims;
    super(
      caller,
      finch,
      aims.filter(({ url, tag, unixSocket }) => {
        return url === plain?.url || unixSocket !== undefined || tag === 'http1';
      }),
    );
  }

  protected override async send(): Promise<Answer> {
    const { finch, aim, path, method, body, timeout, controller, caller } = this;
    const { random } = caller;
    const { http, https } = agentsOf(finch, aim.unixSocket === undefined ? aim.tag : 'default');
    const options: RequestOptions = {
      method,
      signal: controller.signal,
      ...(aim.unixSocket === undefined ? undefined : { socketPath: aim.unixSocket }),
      ...(body === undefined ? undefined : { headers: { 'content-length': body.length } }),
    };
    const url = new URL(aim.url + path);
    const asked =
      url.protocol === 'https:'
        ? secureRequest(url, { ...options, agent: https })
        : plainRequest(url, { ...options, agent: http });
    const deadline = setTimeout(() => asked.destroy(new TooLate()), timeout);
    try {
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        asked.on('response', resolve).on('error', reject);
        // A switch that was not asked for ends the connection without a word.
        asked.on('close', () => reject(new HungUp()));
        asked.end(body);
      });
      const { statusCode: status = 0, headers } = message;
      const behaviour = headers['x-behaviour'] as string | undefined;
      const received = headers['x-received'] as string | undefined;
      if (random.chance(0.1)) {
        message.destroy();
        return { status, behaviour, received, body: undefined };
      }
      const text = Buffer.concat((await message.toArray()) as Buffer[]).toString();
      return { status, behaviour, received, body: text };
    } finally {
      clearTimeout(deadline);
    }
  }

  /** What node:http says of a connection or a response has a code. */
  protected override isExpected(error: unknown): boolean {
    if (error instanceof TooLate || error instanceof HungUp) return true;
    const { code } = error as { code?: unknown };
    return typeof code === 'string' && /^(?:E[A-Z]+$|HPE_|ERR_STREAM_PREMATURE_CLOSE)/.test(code);
  }
}

const callOf = { fetch: FetchCall, dispatcher: DispatcherCall, agent: AgentCall } as const;

class TooLate extends Error {
  readonly code = 'destroyed at its deadline';
}

class HungUp extends Error {
  readonly code = 'closed without a word';
}

/** The code of an error of node:http. */
function nameOf(error: unknown): string {
  return String((error as { readonly code?: unknown }).code);
}

/** The error of Finch in what another client throws. */
function finchError(error: unknown): Error | undefined {
  for (let it = error; it instanceof Error; it = it.cause) {
    if (isFinchError(it)) return it instanceof AdapterError ? it.cause : it;
  }
  return undefined;
}

async function* pieces(body: string): AsyncGenerator<Uint8Array> {
  const half = body.length >> 1;
  yield Buffer.from(body.slice(0, half));
  await new Promise((resolve) => setTimeout(resolve, 1));
  yield Buffer.from(body.slice(half));
}

function streamed(body: string): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces(body));
}
