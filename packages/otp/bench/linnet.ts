/** The measures in Linnet, as a user gets it: the built package. */
import {
  exit,
  GenServer,
  noreply,
  Pid,
  receive,
  reply,
  self,
  send,
  setLogger,
  spawn,
  spawnMonitor,
  Supervisor,
} from '@linnet/otp';
import { answerCounts, type Repeat } from './harness/measure.ts';

// As Erlang's logger at the level none, which the Erlang measures have.
setLogger({ error: () => {}, warn: () => {}, debug: () => {}, isLevelEnabled: () => false });

const Counter = GenServer.define({
  init: (start: number) => start,
  handleCall: { add: (n, by: number) => reply(n + by, n + by) },
});

interface Ball {
  readonly left: number;
  readonly from: Pid;
  readonly referee: Pid;
}

const Player = GenServer.define({
  init: () => 0,
  handleInfo: (state, message) => {
    const { left, from, referee } = message as Ball;
    if (left === 0) send(referee, 'over');
    else send(from, { left: left - 1, from: self(), referee } satisfies Ball);
    return noreply(state);
  },
});

async function play(): Promise<void> {
  for (;;) {
    const { left, from, referee } = (await receive()) as Ball;
    if (left === 0) send(referee, 'over');
    else send(from, { left: left - 1, from: self(), referee } satisfies Ball);
  }
}

type Parcel =
  | { readonly type: 'message'; readonly from: Pid; readonly number: number }
  | { readonly type: 'last'; readonly from: Pid };

const Sink = GenServer.define({
  init: () => 0,
  handleInfo: (state, message) => {
    const parcel = message as Parcel;
    if (parcel.type === 'last') send(parcel.from, 'ok');
    return noreply(state);
  },
});

type RingMessage =
  | { readonly type: 'next'; readonly pid: Pid }
  | { readonly type: 'token'; readonly left: number; readonly referee: Pid };

const Link = GenServer.define({
  init: (next: Pid | undefined) => ({ next }),
  handleInfo: (state, received) => {
    const message = received as RingMessage;
    if (message.type === 'next') return noreply({ next: message.pid });
    const { left, referee } = message;
    if (left === 0) send(referee, 'over');
    else send(state.next as Pid, { type: 'token', left: left - 1, referee } satisfies RingMessage);
    return noreply(state);
  },
});

const Child = GenServer.define({
  init: (driver: Pid) => {
    send(driver, self());
    return 0;
  },
  handleCast: {
    exit: () => exit('boom'),
    crash: () => {
      throw new Error('boom');
    },
  },
});

const isPid = (message: unknown): message is Pid => Pid.isPid(message);

/** Runs work in a process of its own. */
function inProcess<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    spawn(() => work().then(resolve, reject));
  });
}

function atOnce(count: number, work: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, () => inProcess(work)));
}

async function call(fromProcess: boolean): Promise<Repeat> {
  const counter = await Counter.start(0);
  const calls = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await counter.call('add', 1);
    return count;
  };
  return fromProcess ? (count) => inProcess(() => calls(count)) : calls;
}

async function concurrentCalls(): Promise<Repeat> {
  const counter = await Counter.start(0);
  return async (count) => {
    const each = Math.max(1, Math.floor(count / 100));
    await atOnce(100, async () => {
      for (let i = 0; i < each; i++) await counter.call('add', 1);
    });
    return 100 * each;
  };
}

function hops(a: Pid, b: Pid): Repeat {
  return (count) =>
    inProcess(async () => {
      send(a, { left: count, from: b, referee: self() } satisfies Ball);
      await receive();
      return count;
    });
}

async function fanIn(): Promise<Repeat> {
  const { pid } = await Sink.start();
  return async (count) => {
    const bursts = Math.max(1, Math.floor(count / 1000));
    await atOnce(10, async () => {
      const from = self();
      for (let burst = 0; burst < bursts; burst++) {
        for (let number = 1; number < 100; number++) {
          send(pid, { type: 'message', from, number } satisfies Parcel);
        }
        send(pid, { type: 'last', from } satisfies Parcel);
        await receive();
      }
    });
    return 1000 * bursts;
  };
}

async function ring(): Promise<Repeat> {
  const first = await Link.start();
  let next = first.pid;
  for (let i = 1; i < 1000; i++) next = (await Link.start(next)).pid;
  send(first.pid, { type: 'next', pid: next } satisfies RingMessage);
  return (count) =>
    inProcess(async () => {
      send(first.pid, { type: 'token', left: count, referee: self() } satisfies RingMessage);
      await receive();
      return count;
    });
}

function spawnAndStop(atATime: number): Repeat {
  return (count) =>
    inProcess(async () => {
      const rounds = Math.max(1, Math.floor(count / atATime));
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < atATime; i++) spawnMonitor(() => {});
        for (let i = 0; i < atATime; i++) await receive();
      }
      return rounds * atATime;
    });
}

function restarts(end: 'exit' | 'crash'): Repeat {
  const crashes = 100;
  return (count) =>
    inProcess(async () => {
      const supervisors = Math.max(1, Math.floor(count / crashes));
      for (let i = 0; i < supervisors; i++) {
        const supervisor = await Supervisor.startLink([Child.childSpec(self())], {
          strategy: 'one_for_one',
          maxRestarts: crashes,
          maxSeconds: 1,
        });
        for (let crash = 0; crash < crashes; crash++) {
          GenServer.cast(await receive(isPid), end);
        }
        await receive(isPid);
        await supervisor.stop();
      }
      return supervisors * crashes;
    });
}

const startAndStop: Repeat = (count) =>
  inProcess(async () => {
    for (let i = 0; i < count; i++) await (await Counter.start(0)).stop();
    return count;
  });

const measures: Readonly<Record<string, () => Repeat | Promise<Repeat>>> = {
  call: () => call(true),
  'call-plain': () => call(false),
  'call-100': concurrentCalls,
  'ping-pong': async () => hops((await Player.start()).pid, (await Player.start()).pid),
  'ping-pong-async': () => hops(spawn(play), spawn(play)),
  'fan-in': fanIn,
  ring,
  'spawn-stop': () => spawnAndStop(1),
  'spawn-stop-100': () => spawnAndStop(100),
  'server-start-stop': () => startAndStop,
  restart: () => restarts('exit'),
  'restart-error': () => restarts('crash'),
};

const [measure = '', idle = '0'] = process.argv.slice(2);
for (let i = 0; i < Number(idle); i++) await Counter.start(0);
const prepare = measures[measure];
if (prepare === undefined) throw new Error(`no measure ${JSON.stringify(measure)}`);
await answerCounts(await prepare());
