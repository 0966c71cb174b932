/** One soak from its start to its verdict. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quicAvailable } from '@linnet/mint';
import { createAuthority } from '@linnet/mint/testing';
import { setLogger, type Logger } from '@linnet/otp';
import { processSnapshot } from '@linnet/otp/testing';
import { callThrough, type ClientKind } from './adapter-calls.ts';
import { checkAllGone, checkAtRest, openHandles } from './at-end.ts';
import { Callers } from './callers.ts';
import { Chaos } from './chaos.ts';
import { Heap } from './heap.ts';
import { watchEnds } from './once.ts';
import { Random } from './random.ts';
import { ServerProcess, type ServerFigures } from './server-process.ts';
import { Tally } from './tally.ts';
import { startWorld } from './world.ts';

/** Where nobody listens. One that was free a moment ago might be somebody's by now. */
const closedPort = 1;

export interface SoakOptions {
  readonly seconds: number;
  readonly callers: number;
  readonly seed: number;
  /** By what the callers ask; default: by Finch itself. */
  readonly client?: ClientKind | undefined;
  /** Ends the soak before its time, when so much was asked for. */
  readonly requests?: number | undefined;
  /** The program of the servers; default: its source. */
  readonly server?: string | undefined;
}

export interface SoakResult {
  readonly tally: Tally;
  readonly servers: readonly ServerFigures[];
  readonly heap: Heap;
}

/** Rejects at once when a server ends by itself. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seconds, callers: count, seed, client, requests = Infinity, server: program } = options;
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), 'linnet-soak-'));
  const authority = createAuthority();
  const path = join(folder, 'socket');
  const setup = { seed, path, ...authority.issue(['127.0.0.1']) };
  const servers = await Promise.all([
    ServerProcess.start({ ...setup, slow: false }, program),
    ServerProcess.start({ ...setup, slow: true }, program),
  ]);
  const [server, slow] = servers;
  // Its package opens the standard streams, which may be pipes, when it is loaded.
  await quicAvailable();
  const before = { processes: processSnapshot(), handles: openHandles() };
  const tally = new Tally();
  const logger = setLogger(bugsOnly(tally));
  const restore = watchEnds((name) => tally.violation(`a ${name} ended twice`));
  const onRejection = (error: unknown): void =>
    tally.violation(`unhandled: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onRejection);
  const heap = new Heap();
  const run = async (): Promise<SoakResult> => {
    const world = await startWorld({
      server: server.where,
      slow: slow.where,
      unixSocket: path,
      closedPort,
      ca: authority.ca,
    });
    const callOnce = client === undefined ? undefined : callThrough(client);
    const callers = new Callers(world, tally, random.fork(), count, callOnce);
    const chaos = new Chaos(world, callers, tally, random.fork());
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && tally.started < requests) await sleep(20);
    heap.stop();
    await chaos.stop();
    callers.stop();
    // Callers begin another request while others end: at last there is none.
    for (let left = tally.remaining; tally.pending > 0 && left > 0; left = tally.remaining) {
      await sleep(Math.min(left, 50));
    }
    tally.giveUp();
    if (tally.lost === 0) await callers.ended();
    await checkAtRest(world, tally);
    await world.supervisor.stop();
    tally.stop();
    await checkAllGone(before, servers, tally);
    const figures = await Promise.all(servers.map((one) => one.figures()));
    for (const complaint of figures.flatMap(({ complaints }) => complaints)) {
      tally.violation(complaint);
    }
    if (heap.grew) tally.violation('the heap grew');
    return { tally, servers: figures, heap };
  };
  try {
    return await Promise.race([run(), server.failure, slow.failure]);
  } finally {
    heap.stop();
    tally.stop();
    restore();
    setLogger(logger);
    process.off('unhandledRejection', onRejection);
    process.off('uncaughtException', onRejection);
    await Promise.all(servers.map((one) => one.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whoever is killed ends with a word; an Error, as the reason or beside it, is a fault of the code. */
function bugsOnly(tally: Tally): Logger {
  return {
    error: (fields, message) => {
      for (const value of Object.values(fields) as unknown[]) {
        if (value instanceof Error) tally.violation(`${message}: ${value.stack}`);
      }
    },
    warn: () => {},
    debug: () => {},
  };
}
