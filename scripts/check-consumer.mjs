// Whether the packages as they are published compile in a strict project of a user's that checks
// declaration files, too (`skipLibCheck: false`). Run it after a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
// Below node_modules, so that the packages' dependencies are found without an installation.
const consumer = join(root, 'node_modules', '.cache', 'consumer');

const tsconfig = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  },
};

const main = `
import { GenServer, Supervisor, reply, spawn, type Pid } from '@linnet/otp';
import { startSupervised } from '@linnet/otp/testing';
import { Finch, Pool, type FinchClient, type Response } from '@linnet/finch';
import { instrument } from '@linnet/finch/opentelemetry';
import { collectMetrics } from '@linnet/finch/prometheus';
import { FakeOrigin, stubFinch } from '@linnet/finch/testing';
import { Req, type ReqResponse } from '@linnet/req';
import { Observer, type ObserverOptions } from '@linnet/observer';
import { Cluster, Global, Node, Pg, Workers, type Carrier } from '@linnet/cluster';
import { nats } from '@linnet/cluster/nats';
import type { Distribution } from '@linnet/otp/distribution';
import { connect, type Connection, ResponseParser, StreamResetError } from '@linnet/mint';
import { response as rawResponse, startHttp1Server } from '@linnet/mint/testing';

const Counter = GenServer.define({
  init: (start: number) => start,
  handleCall: { add: (n, by: number) => reply(n + by, n + by) },
});
export const pid: Pid = spawn(() => {});
export const supervisor = await Supervisor.startLink(
  [
    Counter.childSpec(1, { name: 'counter' }),
    Finch.childSpec({ name: 'F' }),
    Pool.childSpec({ finch: 'F', pool: Pool.new('https://example.com'), size: 1 }),
  ],
  { strategy: 'one_for_one' },
);
export const response: Response = await Finch.get('F').get('https://example.com');
export const answer: ReqResponse = await Req.new({ finch: 'F' }).get('https://example.com');
export const socket = await Req.new().webSocket('wss://example.com');
export const ends: Disposable[] = [instrument(), collectMetrics({ maxPools: 10 })];
export const client: FinchClient = stubFinch({ 'GET https://example.com/': { json: 1 } });
export const origin: FakeOrigin = await FakeOrigin.start();
export const start: typeof startSupervised = startSupervised;
export const connection: Connection = await connect('https://example.com');
export const parser: ResponseParser = new ResponseParser();
export const isReset = (error: unknown) => error instanceof StreamResetError && error.http2Code;
export const options: ObserverOptions = { port: 0, actions: true };
export const observed = Observer.childSpec(options);
export const carrier: Carrier = nats({ servers: 'nats://127.0.0.1:4222' });
export const node = Cluster.childSpec({ name: 'a@127.0.0.1', cookie: 'secret', carrier });
export const parts = [Pg.childSpec(), Global.childSpec()];
export const workers = Workers.childSpec({ count: 1, module: new URL('file:///worker.js') });
export const name: string = Node.self();
export type Way = Distribution;
export const server = startHttp1Server((peer) => peer.write(rawResponse('OK')));
`;

/** @param {string} name */
function pack(name) {
  const from = join(root, 'packages', name);
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', consumer], {
    cwd: from,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [packed] = /** @type {{ filename: string }[]} */ (JSON.parse(output));
  if (packed === undefined) throw new Error(`npm packed nothing of ${name}`);
  const to = join('node_modules', '@linnet', name);
  mkdirSync(join(consumer, to), { recursive: true });
  execFileSync('tar', ['-xzf', packed.filename, '-C', to, '--strip-components=1'], {
    cwd: consumer,
  });
}

rmSync(consumer, { recursive: true, force: true });
mkdirSync(consumer, { recursive: true });
pack('otp');
pack('mint');
pack('finch');
pack('observer');
pack('req');
pack('cluster');
writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(tsconfig));
writeFileSync(join(consumer, 'main.ts'), main);

const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
try {
  execFileSync(process.execPath, [compiler, '-p', consumer], { stdio: 'inherit' });
} catch {
  process.exit(1);
}
rmSync(consumer, { recursive: true, force: true });
console.log('The published packages compile in a strict project.');
