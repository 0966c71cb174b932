/**
 * How much heap an idle process takes: prints bytes per process.
 * `node --expose-gc memory.ts <what> <count>`
 */
import { DynamicSupervisor, GenServer, Machine, receive, reply, spawn } from '@linnet/otp';
import { createMachine } from 'xstate';
import { spawnActor } from './nact-actors.ts';

const Counter = GenServer.define({
  init: (n: number) => n,
  handleCall: { value: (n) => reply(n, n) },
});

const Door = Machine.define(
  createMachine({
    initial: 'closed',
    states: { closed: { on: { OPEN: 'open' } }, open: { after: { 60_000: 'closed' } } },
  }),
);
const supervisor = await DynamicSupervisor.startLink();

const makers: Readonly<Record<string, () => unknown>> = {
  GenServer: () => Counter.start(0),
  machine: () => Door.start(),
  child: () => supervisor.startChild(Counter.childSpec(0)),
  process: () => spawn(() => receive()),
  nact: () => spawnActor((state: number) => state, { initialState: 0 }),
};

function heap(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const [what = '', given = '0'] = process.argv.slice(2);
const make = makers[what];
const count = Number(given);
if (make === undefined || globalThis.gc === undefined) throw new Error('wrong arguments');

// What the first one allocates for all of them does not count.
await make();
const before = heap();
for (let i = 0; i < count; i++) await make();
await new Promise((resolve) => setTimeout(resolve, 20));
console.log(Math.round((heap() - before) / count));
process.exit(0);
