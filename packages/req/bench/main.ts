/**
 * The benchmark of the client: `req.get` beside `finch.get`, got, axios and ky, GET of 1 kB of text, 50 at
 * once, in interleaved turns against one server.
 *
 * npm run bench -w @linnet/req -- [--seconds 60]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../otp/bench/harness/machine.ts';
import { Peer, pinned } from '../../otp/bench/harness/program.ts';
import { pairedRatio, percentile } from '../../otp/bench/harness/stats.ts';
import { formatRate, formatRatio, table } from '../../otp/bench/harness/table.ts';
import { interleave, roundsIn } from '../../otp/bench/harness/turns.ts';
import { startServer } from '../../finch/bench/server.ts';
import { clients, type ClientName } from './clients.ts';

/** At least so many times the rate of each. */
const aims: Partial<Record<ClientName, number>> = { got: 2, axios: 2 };
const turnMs = 200;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new TypeError('--seconds must be a number above 0');

await using server = await startServer(1);
console.log(`${describeMachine()}\nserver: ${server.name}\n`);
const names = Object.keys(clients) as ClientName[];
const script = join(import.meta.dirname, 'client.ts');
const url = `http://127.0.0.1:${server.port}/1024`;
const node = [process.execPath, ...process.execArgv];
const peers = names.map((name) => new Peer(pinned(0, [...node, script, name, url])));
for (const peer of peers) await peer.ask('warm');
const results = await interleave(
  names.map((name, index) => ({
    name,
    turn: async (ms: number) => Number(await peers[index]?.ask(String(ms))),
  })),
  { ms: turnMs, warmUp: 1, rounds: roundsIn(seconds, names.length, turnMs, 1) },
);
await Promise.all(peers.map((peer) => peer.close()));

const rates = (name: ClientName): number[] => results.get(name) ?? [];
const rows = names.map((name) => {
  const ratio = pairedRatio(rates('req.get'), rates(name));
  const aim = aims[name];
  const verdict =
    aim === undefined ? '' : ratio >= aim ? `at least ${aim}: met` : `at least ${aim}: missed`;
  return [name, formatRate(percentile(rates(name), 0.8)), formatRatio(ratio), verdict];
});
console.log(table([['client', 'requests/s', 'req.get is … times', 'aim'], ...rows]));
