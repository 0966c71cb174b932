/**
 * The memory of many pools: `node --expose-gc memory.ts <what> <port> <pools>` prints, as JSON, the
 * bytes that one pool with one idle connection takes, and how much more heap there is after
 * `requests` requests over one pool than before.
 */
import { connect } from 'node:net';
import type { Response } from '@linnet/finch';

/** In bytes. */
export interface MemoryUse {
  /** JavaScript heap for each pool. */
  readonly heap: number;
  /** What hangs on the heap outside of it (buffers) for each pool. */
  readonly external: number;
  /** Resident memory of the process for each pool, the socket included. */
  readonly resident: number;
  /** What the heap grew by over the requests. */
  readonly growth: number | undefined;
}

export const requests = 100_000;

interface Subject {
  /** Opens pool number `i` and one connection in it. */
  open(i: number): Promise<unknown>;
  /** One request over the first pool. */
  request?(): Promise<unknown>;
}

const [what = '', port = '', given = '0'] = process.argv.slice(2);
const count = Number(given);
const origin = `http://127.0.0.1:${port}`;

async function linnet(): Promise<Subject> {
  const { Finch, Pool } = await import('@linnet/finch');
  const finch = await Finch.startLink({
    name: 'bench',
    pools: { default: { size: 1, connMaxIdleTime: 'infinity' } },
  });
  const get = (i: number): Promise<Response> =>
    finch.request(
      Finch.build('GET', `${origin}/1024`, undefined, undefined, { poolTag: `pool-${i}` }),
    );
  return {
    async open(i) {
      await finch.startPool(Pool.new(origin, { tag: `pool-${i}` }), {
        size: 1,
        connMaxIdleTime: 'infinity',
      });
      (await get(i)).text();
    },
    request: async () => (await get(0)).text(),
  };
}

async function undici(): Promise<Subject> {
  const { Pool } = await import('undici');
  const pools: InstanceType<typeof Pool>[] = [];
  const get = async (i: number): Promise<string> => {
    const pool = pools[i] as InstanceType<typeof Pool>;
    const { body } = await pool.request({ path: '/1024', method: 'GET' });
    return body.text();
  };
  return {
    open(i) {
      pools[i] = new Pool(origin, { connections: 1, keepAliveTimeout: 600_000 });
      return get(i);
    },
    request: () => get(0),
  };
}

/** What the socket alone takes. */
function sockets(): Subject {
  const open: unknown[] = [];
  return {
    open: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: Number(port), host: '127.0.0.1' });
        socket.on('error', reject);
        socket.on('connect', () => socket.write('GET /1024 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'));
        socket.once('data', resolve);
        open.push(socket);
      }),
  };
}

const subjects: Readonly<Record<string, () => Subject | Promise<Subject>>> = {
  linnet,
  undici,
  sockets,
};

async function afterCollection(): Promise<NodeJS.MemoryUsage> {
  // Timers and closed handles go with the next turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  return process.memoryUsage();
}

async function growthOf(request: () => Promise<unknown>): Promise<number> {
  const some = async (): Promise<void> => {
    for (let i = 0; i < requests / 10; i++) await request();
  };
  await some();
  const before = await afterCollection();
  for (let i = 0; i < 10; i++) await some();
  return (await afterCollection()).heapUsed - before.heapUsed;
}

const make = subjects[what];
if (make === undefined || globalThis.gc === undefined) throw new Error('wrong arguments');
const subject = await make();
// What the first pools allocate for all of them, compiled code included, does not count.
const first = 20;
for (let i = 0; i < first; i++) await subject.open(i);
const before = await afterCollection();
for (let i = first; i < first + count; i++) await subject.open(i);
const after = await afterCollection();
const each = (key: 'heapUsed' | 'external' | 'rss'): number =>
  Math.round((after[key] - before[key]) / count);
const use: MemoryUse = {
  heap: each('heapUsed'),
  external: each('external'),
  resident: each('rss'),
  growth: subject.request && (await growthOf(() => subject.request?.() ?? Promise.resolve())),
};
console.log(JSON.stringify(use));
process.exit(0);
