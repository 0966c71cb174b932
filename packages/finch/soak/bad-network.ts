/**
 * Requests over HTTP/3 through a network that drops, doubles, flips, cuts and reorders datagrams: each
 * of them must end with the whole response that is its own.
 */
import { createHash } from 'node:crypto';
import { createAuthority, startHttp3Server, type Http3Peer } from '@linnet/mint/testing';
import { Finch, isFinchError } from '../src/index.ts';
import { ChaosNetwork, type ChaosOptions } from '../../mint/test/support/chaos-proxy.ts';
import { Random } from './random.ts';

export interface BadNetworkOptions {
  readonly requests: number;
  readonly seed: number;
  readonly chaos?: ChaosOptions;
}

export interface BadNetworkResult {
  /** How many ended with the response that is their own. */
  readonly ok: number;
  /** How many were given up on purpose, and ended so. */
  readonly cancelled: number;
  /** What became of the others, by error code or word. */
  readonly lost: Readonly<Record<string, number>>;
  readonly connections: number;
  readonly datagrams: Readonly<Record<string, number>>;
}

const defaultChaos: ChaosOptions = {
  drop: 0.03,
  duplicate: 0.02,
  corrupt: 0.03,
  truncate: 0.01,
  garbage: 0.01,
  reorder: 0.05,
};

/** How many are under way at a time. */
const callers = 40;

export async function badNetwork(options: BadNetworkOptions): Promise<BadNetworkResult> {
  const { requests, seed, chaos = defaultChaos } = options;
  const authority = createAuthority();
  const tls = authority.issue(['127.0.0.1']);
  const server = await startHttp3Server(serve, { tls, streams: 50, idleTimeout: 10_000 });
  const network = await ChaosNetwork.start(server.port, seed, chaos);
  const url = `https://127.0.0.1:${network.port}`;
  const finch = await Finch.startLink({
    name: `BadNetwork${seed}`,
    pools: {
      default: {
        protocols: ['http3'],
        size: 4,
        // Short lives: handshakes suffer most.
        http3: { maxRequestsPerConnection: 200, idleTimeout: 10_000 },
        connOpts: { tls: { ca: authority.ca }, connectTimeout: 20_000 },
      },
    },
  });
  const tally = { ok: 0, cancelled: 0, lost: {} as Record<string, number> };
  let begun = 0;
  const caller = async (random: Random): Promise<void> => {
    while (begun < requests) await one(finch, url, ++begun, random, tally);
  };
  const random = new Random(seed);
  try {
    await Promise.all(Array.from({ length: callers }, () => caller(random.fork())));
    return { ...tally, connections: server.peers.length, datagrams: network.counts };
  } finally {
    await finch.stop();
    await network[Symbol.asyncDispose]();
    await server.close();
  }
}

/** Answers with path and digest of what came. */
async function serve(peer: Http3Peer): Promise<void> {
  try {
    await peer.handshake();
    for await (const { stream, fields } of peer.requests()) {
      peer.readBody(stream).then(
        (body) => peer.answer(stream, answerOf(fields.get(':path') ?? '', body)),
        () => {},
      );
    }
  } catch {
    // It ended in its handshake.
  }
}

function answerOf(path: string, body: Uint8Array): string {
  const digest = createHash('sha256').update(body).digest('hex');
  return `${path} ${digest} ${'x'.repeat(body.length)}`;
}

async function one(
  finch: Finch,
  url: string,
  number: number,
  random: Random,
  tally: { ok: number; cancelled: number; lost: Record<string, number> },
): Promise<void> {
  const path = `/${number}`;
  const body = Buffer.alloc(random.pick([0, 0, 0, 100, 2000, 20_000]), `${number} `);
  const isGivenUp = random.chance(0.02);
  // Longer than any loss takes: one that does not end by then hangs.
  const limits = { poolTimeout: 60_000, receiveTimeout: 60_000, requestTimeout: 60_000 };
  const signal = isGivenUp ? AbortSignal.timeout(random.between(0, 50)) : undefined;
  const lose = (what: string): void => void (tally.lost[what] = (tally.lost[what] ?? 0) + 1);
  try {
    const response = await finch.post(`${url}${path}`, body, { ...limits, signal });
    if (response.text() === answerOf(path, body)) tally.ok++;
    else lose('not its own response');
  } catch (error) {
    if (isGivenUp && isFinchError(error) && error.code === 'ERR_FINCH_REQUEST_CANCELLED') {
      tally.cancelled++;
    } else {
      lose(isFinchError(error) ? error.code : String(error));
    }
  }
}
