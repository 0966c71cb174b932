/** What holds with every server that speaks HTTP/2, and what a test file adds for its own. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isFinchError, type Finch, type PoolOptions } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import {
  bodyOf,
  digestOf,
  fileLengths,
  isBody,
  isBodySlowly,
  large,
  piece,
  piecesOf,
  turn,
} from './bodies.ts';
import { startH2Server, type H2Recipe, type H2Server } from './h2-server.ts';
import { whyToSkip } from './program.ts';
import { Dials } from './dials.ts';

/** A client of a server, for one test. */
export interface H2Client {
  readonly finch: Finch;
  readonly url: string;
  /** Counts its connections. */
  readonly dials: Dials;
}

/** A large body in pieces. */
async function* pieces(total: number): AsyncGenerator<Uint8Array> {
  yield* piecesOf(total);
}

/** Connects an instance, which speaks HTTP/2 only, to a port of the server. */
export async function startClient(
  server: H2Server,
  options: PoolOptions = {},
  port = 'main',
): Promise<H2Client> {
  const dials = new Dials(server.port(port));
  onTestFinished(() => dials[Symbol.dispose]());
  const finch = await startFinch({
    pools: {
      default: { protocols: ['http2'], connOpts: { tls: { ca: server.ca } }, ...options },
    },
  });
  return { finch, url: `https://localhost:${server.port(port)}`, dials };
}

/** Sends that body to where the server takes bodies, and checks that all of it arrived. */
async function upload({ finch, url }: H2Client, server: H2Server, length: number, stream = false) {
  const { path, answer } = server.recipe.upload;
  const body = stream ? pieces(length) : bodyOf(length);
  const response = await finch.post(`${url}${path}`, body);
  const received: unknown =
    answer === 'digest' ? response.json() : isBody(response.body, length) && digestOf(length);
  expect(received).toEqual(digestOf(length));
}

/** What became of requests: their statuses, and the codes of errors. */
export async function outcomes(
  requests: Iterable<Promise<{ readonly status: number }>>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(requests)) {
    const outcome =
      result.status === 'fulfilled'
        ? String(result.value.status)
        : isFinchError(result.reason)
          ? result.reason.code
          : `not one of ours: ${String(result.reason)}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** Asks `total` times, `atOnce` at a time, and calls `during` after half of them. */
export async function load(
  { finch, url }: H2Client,
  { total, atOnce, during }: { total: number; atOnce: number; during?: () => unknown },
): Promise<Record<string, number>> {
  let begun = 0;
  const all: Promise<{ readonly status: number }>[] = [];
  const worker = async (): Promise<void> => {
    while (begun < total) {
      begun += 1;
      if (begun === Math.floor(total / 2)) void during?.();
      const request = finch.get(`${url}/file/1024`);
      all.push(request);
      await request.catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes(all);
}

/** Describes the client with this server, which runs once for all tests; skips without it. */
export function describeH2Server(recipe: H2Recipe, more: (server: () => H2Server) => void): void {
  const skipped = whyToSkip(recipe.packages);
  describe.skipIf(skipped !== '')(`with ${recipe.name} as the HTTP/2 server${skipped}`, () => {
    let started: H2Server | undefined;
    const server = (): H2Server => {
      if (started === undefined) throw new Error(`${recipe.name} did not start`);
      return started;
    };
    beforeAll(async () => {
      started = await startH2Server(recipe);
    });
    afterAll(() => started?.stop());

    multiplexing(server);
    bodies(server);
    more(server);
  });
}

function multiplexing(server: () => H2Server): void {
  it('answers a burst of 300 requests on a cold origin over one connection for each 100', async () => {
    const client = await startClient(server());
    const { finch, url, dials } = client;
    const all = Array.from({ length: 300 }, () => finch.get(`${url}/file/1024`));
    expect(await outcomes(all)).toEqual({ 200: 300 });
    expect(dials.count).toBeLessThanOrEqual(3);
  });

  it('answers 2000 requests, 50 at once, over one connection', async () => {
    const client = await startClient(server());
    expect(await load(client, { total: 2000, atOnce: 50 })).toEqual({ 200: 2000 });
    expect(client.dials.count).toBe(1);
  });

  it('goes on over the same connection after requests that were given up', async () => {
    const client = await startClient(server());
    const { finch, url, dials } = client;
    await finch.get(`${url}/file/1024`);
    for (let count = 0; count < 50; count += 1) {
      const controller = new AbortController();
      const request = finch.get(`${url}/file/${large}`, { signal: controller.signal });
      if (count % 2 === 0) await turn();
      controller.abort();
      await expect(request).rejects.toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
    }
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
    expect(dials.count).toBe(1);
  });
}

function bodies(server: () => H2Server): void {
  it.each(fileLengths)('reads a file of %i bytes', async (length) => {
    const { finch, url } = await startClient(server());
    const { status, body } = await finch.get(`${url}/file/${length}`);
    expect([status, body.length]).toEqual([200, length]);
    expect(isBody(body, length)).toBe(true);
  });

  it.each([
    ['at once', false],
    ['in pieces', true],
  ])('sends a large body %s', async (_how, stream) => {
    const client = await startClient(server());
    await upload(client, server(), large, stream);
    expect(client.dials.count).toBe(1);
  });

  it('sends and reads large bodies in both directions at once, over one connection', async () => {
    const client = await startClient(server());
    const { finch, url, dials } = client;
    const down = Array.from({ length: 4 }, async () => {
      const { body } = await finch.get(`${url}/file/${large}`);
      expect(isBody(body, large)).toBe(true);
    });
    const up = Array.from({ length: 8 }, (_, index) =>
      upload(client, server(), 2_000_000 + index, index % 2 === 0),
    );
    await Promise.all([...down, ...up]);
    expect(dials.count).toBe(1);
  });

  it('keeps nobody waiting for a reader who does not read, and loses nothing of his body', async () => {
    const { finch, url, dials } = await startClient(server());
    const slow = await finch.open(`${url}/file/${large}`);
    for (let count = 0; count < 20; count += 1) {
      expect((await finch.get(`${url}/file/65536`)).body.length).toBe(65_536);
    }
    expect(await isBodySlowly(slow.body, large)).toBe(true);
    expect(dials.count).toBe(1);
  });

  it('goes on over the same connection after a reader who left in the middle', async () => {
    const { finch, url, dials } = await startClient(server());
    for (let count = 0; count < 20; count += 1) {
      for await (const chunk of (await finch.open(`${url}/file/${large}`)).body) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await finch.get(`${url}/file/1024`)).status).toBe(200);
    expect(dials.count).toBe(1);
  });

  it('goes on over the same connection after a body that broke off', async () => {
    const client = await startClient(server());
    const { finch, url, dials } = client;
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bodyOf(piece);
      await turn();
      throw new Error('the disk is gone');
    }
    await expect(finch.post(`${url}${server().recipe.upload.path}`, broken())).rejects.toThrow(
      'the disk is gone',
    );
    await upload(client, server(), 1000);
    expect(dials.count).toBe(1);
  });
}
