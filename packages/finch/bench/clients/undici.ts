/** undici 8 and 7 on a Pool. */
import { Agent, Pool, type Dispatcher } from 'undici';
import { Pool as Pool7 } from 'undici7';
import { check, postBody, type Send, type Target } from './client.ts';
import { fetchThrough } from './fetch.ts';

function optionsOf({ connections, ca, socketPath }: Target) {
  return {
    connections,
    connect: {
      ...(ca === undefined ? undefined : { ca }),
      ...(socketPath === undefined ? undefined : { socketPath }),
    },
  };
}

/** What `request` takes and gives in both versions, as far as it is used. */
interface Requester {
  request(options: { path: string; method: 'GET' | 'POST'; body: string | null }): Promise<{
    statusCode: number;
    body: { text(): Promise<string>; bytes(): Promise<Uint8Array> };
  }>;
}

function viaRequest(target: Target, pool: Requester): Send {
  const { path, method } = target;
  const options = { path, method, body: method === 'POST' ? postBody : null };
  return async () => {
    const { statusCode, body } = await pool.request(options);
    const { length } = target.body === 'text' ? await body.text() : await body.bytes();
    check(target, statusCode, length);
  };
}

export const prepareUndici8 = (target: Target): Send =>
  viaRequest(target, new Pool(target.origin, optionsOf(target)));

export const prepareUndici8H2 = (target: Target): Send =>
  viaRequest(target, new Pool(target.origin, { ...optionsOf(target), allowH2: true }));

export const prepareUndici7 = (target: Target): Send =>
  viaRequest(target, new Pool7(target.origin, optionsOf(target)));

/** Collects an answer without a stream: the least that `dispatch` allows. */
class Collector implements Dispatcher.DispatchHandler {
  private status = 0;
  private readonly chunks: Buffer[] = [];
  private readonly target: Target;
  private readonly resolve: () => void;
  private readonly reject: (error: unknown) => void;

  constructor(target: Target, resolve: () => void, reject: (error: unknown) => void) {
    this.target = target;
    this.resolve = resolve;
    this.reject = reject;
  }

  onRequestStart(): void {
    // Nothing to do.
  }

  onResponseStart(_controller: unknown, statusCode: number): void {
    this.status = statusCode;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const { chunks, target } = this;
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    try {
      check(target, this.status, target.body === 'text' ? body.toString().length : body.length);
      this.resolve();
    } catch (error) {
      this.reject(error);
    }
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.reject(error);
  }
}

export function prepareUndici8Dispatch(target: Target): Send {
  const pool = new Pool(target.origin, optionsOf(target));
  const { path, method } = target;
  const options = { path, method, body: method === 'POST' ? postBody : null };
  return () =>
    new Promise((resolve, reject) => {
      pool.dispatch(options, new Collector(target, resolve, reject));
    });
}

/** The global fetch over an Agent of undici 8, with its limit of connections. */
export function prepareFetchUndici8(target: Target): Send {
  return fetchThrough(target, new Agent(optionsOf(target)));
}
