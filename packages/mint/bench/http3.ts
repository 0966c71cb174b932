/**
 * HTTP/3 beside our HTTP/2 and node:http2, each over one connection to the same Caddy. The clients
 * take turns, so that what the machine does to one it does to the others; Caddy shares its cores.
 *
 * npm run bench:http3 -w @linnet/mint -- [--seconds 2] [--rounds 5]
 */
import { once } from 'node:events';
import { connect as connectNodeHttp2 } from 'node:http2';
import { parseArgs } from 'node:util';
import { median, pairedRatio } from '../../otp/bench/harness/stats.ts';
import { table } from '../../otp/bench/harness/table.ts';
import { connect } from '../src/connect.ts';
import type { Protocol } from '../src/dial/connect-options.ts';
import { startCaddy } from '../test/servers/caddy.ts';
import { Folder } from '../test/support/program.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});
const milliseconds = Number(options.seconds) * 1000;
const rounds = Number(options.rounds);
if (!(milliseconds > 0 && rounds > 0)) throw new TypeError('--seconds, --rounds: numbers above 0');

/** A client: asks for a path, and tells how long the body was. */
interface Client {
  get(path: string): Promise<number>;
  close(): Promise<void>;
}

async function openMint(port: number, ca: string, protocol: Protocol): Promise<Client> {
  const given = { protocols: [protocol], family: 4, tls: { ca } } as const;
  const connection = await connect(`https://localhost:${port}`, given);
  const { wire } = connection;
  // HTTP/3's server allows further requests a while after others have ended.
  let waiting: (() => void)[] = [];
  wire.onChange = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  return {
    get: async (target) => {
      while (wire.underWay >= wire.limit) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
      return new Promise((resolve, reject) => {
        let length = 0;
        connection.send(
          { method: 'GET', target },
          {
            onInformational: () => {},
            onHeaders: () => {},
            onData: (_bytes, from, to) => {
              length += to - from;
              return true;
            },
            onEnd: () => resolve(length),
            onError: reject,
          },
        );
      });
    },
    close: () => connection.close(),
  };
}

async function openNode(port: number, ca: string): Promise<Client> {
  const settings = { initialWindowSize: 1024 * 1024 };
  const session = connectNodeHttp2(`https://localhost:${port}`, { ca, settings });
  await once(session, 'connect');
  session.setLocalWindowSize(16 * 1024 * 1024);
  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        let length = 0;
        session
          .request({ ':path': path })
          .on('data', (piece: Buffer) => (length += piece.length))
          .on('end', () => resolve(length))
          .on('error', reject)
          .end();
      }),
    close: async () => {
      session.close();
      await once(session, 'close');
    },
  };
}

/** What one turn came to: how many a second, and this process's CPU time for each, in µs. */
interface Turn {
  readonly rate: number;
  readonly cpu: number;
}

/** Requests for a while, so many at a time. */
async function requests(client: Client, concurrency: number): Promise<Turn> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const end = started + milliseconds;
  let count = 0;
  const lane = async (): Promise<void> => {
    for (; performance.now() < end; count++) await client.get('/hello');
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const took = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (count / took) * 1000, cpu: (user + system) / count };
}

/** One large download, in MB. */
async function download(client: Client): Promise<Turn> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const length = await client.get('/large');
  const took = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { rate: length / 1000 / took, cpu: (user + system) / (length / 1e6) };
}

const loads: Readonly<Record<string, (client: Client) => Promise<Turn>>> = {
  'requests a second, 1 at a time': (client) => requests(client, 1),
  '10 at a time': (client) => requests(client, 10),
  '90 at a time': (client) => requests(client, 90),
  'MB a second, 100 MB': download,
};

using folder = new Folder('bench-http3');
folder.issue(['localhost']);
folder.write('large', Buffer.alloc(100_000_000, 'The quick brown fox. '));
const { program, port } = await startCaddy(folder);
const clients: Readonly<Record<string, Client>> = {
  'node:http2': await openNode(port, folder.ca),
  'our HTTP/2': await openMint(port, folder.ca, 'http2'),
  'our HTTP/3': await openMint(port, folder.ca, 'http3'),
};
const names = Object.keys(clients);

const rows: string[][] = [];
for (const [load, run] of Object.entries(loads)) {
  const turns = new Map(names.map((name) => [name, [] as Turn[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, client] of Object.entries(clients)) {
      const turn = await run(client);
      // The first round warms up.
      if (round > 0) turns.get(name)?.push(turn);
    }
  }
  const rates = names.map((name) => (turns.get(name) ?? []).map(({ rate }) => rate));
  const [peer = []] = rates;
  rows.push([load, ...rates.map((own) => `${median(own).toFixed(0)}`)]);
  rows.push(['  of node:http2', ...rates.map((own) => pairedRatio(own, peer).toFixed(2))]);
  const costs = names.map((name) => median((turns.get(name) ?? []).map(({ cpu }) => cpu)));
  rows.push(['  CPU µs for each', ...costs.map((cpu) => cpu.toFixed(0))]);
}
console.log(table([['one connection to Caddy', ...names], ...rows]));

await Promise.all(Object.values(clients).map((client) => client.close()));
await program.stop();
