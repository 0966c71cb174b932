/** The measures in plain nact, by `spawn`, `dispatch` and `query` as its documentation teaches. */
import { dispatch, query, stop, type Ref } from 'nact';
import { answerCounts, type Repeat } from './harness/measure.ts';
import { spawnActor } from './nact-actors.ts';

interface Add {
  readonly by: number;
  readonly sender: Ref<number>;
}

function spawnCounter(): Ref<Add> {
  return spawnActor(
    (total: number, { by, sender }: Add) => {
      dispatch(sender, total + by);
      return total + by;
    },
    { initialState: 0 },
  );
}

async function calls(counter: Ref<Add>, count: number): Promise<number> {
  for (let i = 0; i < count; i++) {
    await query(counter, (sender: Ref<number>): Add => ({ by: 1, sender }), 5000);
  }
  return count;
}

function concurrentCalls(): Repeat {
  const counter = spawnCounter();
  return async (count) => {
    const each = Math.max(1, Math.floor(count / 100));
    await Promise.all(Array.from({ length: 100 }, () => calls(counter, each)));
    return 100 * each;
  };
}

interface Ball {
  readonly left: number;
  readonly from: Ref<Ball>;
  readonly over: () => void;
}

function spawnPlayer(): Ref<Ball> {
  const player: Ref<Ball> = spawnActor((_state: undefined, { left, from, over }: Ball) => {
    if (left === 0) over();
    else dispatch(from, { left: left - 1, from: player, over });
    return undefined;
  });
  return player;
}

function pingPong(): Repeat {
  const a = spawnPlayer();
  const b = spawnPlayer();
  return async (count) => {
    await new Promise<void>((over) => dispatch(a, { left: count, from: b, over }));
    return count;
  };
}

interface Parcel {
  readonly number: number;
  readonly sender: Ref<string> | undefined;
}

function fanIn(): Repeat {
  const sink = spawnActor((_state: undefined, { sender }: Parcel) => {
    if (sender !== undefined) dispatch(sender, 'ok');
    return undefined;
  });
  return async (count) => {
    const bursts = Math.max(1, Math.floor(count / 1000));
    const sendBursts = async (): Promise<void> => {
      for (let burst = 0; burst < bursts; burst++) {
        for (let number = 1; number < 100; number++) dispatch(sink, { number, sender: undefined });
        await query(sink, (sender: Ref<string>): Parcel => ({ number: 0, sender }), 60_000);
      }
    };
    await Promise.all(Array.from({ length: 10 }, sendBursts));
    return 1000 * bursts;
  };
}

interface Token {
  readonly left: number;
  readonly over: () => void;
}

function ring(): Repeat {
  const actors: Array<Ref<Token>> = Array.from({ length: 1000 }, (_, i) =>
    spawnActor((_state: undefined, { left, over }: Token) => {
      if (left === 0) over();
      else dispatch(actors[(i + 1) % 1000] as Ref<Token>, { left: left - 1, over });
      return undefined;
    }),
  );
  return async (count) => {
    await new Promise<void>((over) => dispatch(actors[0] as Ref<Token>, { left: count, over }));
    return count;
  };
}

function spawnAndStop(atATime: number): Repeat {
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const actor = spawnActor<undefined, never>(() => undefined, {
        afterStop: () => resolve(),
      });
      stop(actor);
    });
  return async (count) => {
    const rounds = Math.max(1, Math.floor(count / atATime));
    for (let round = 0; round < rounds; round++) {
      await Promise.all(Array.from({ length: atATime }, one));
    }
    return rounds * atATime;
  };
}

/** nact's counterpart of a restart: the crash policy `reset`, which makes the state anew. */
function restarts(end: 'exit' | 'crash'): Repeat {
  let started = (): void => {};
  const actor = spawnActor(
    (_state: number, reason: string) => {
      // nact has no exit reasons; what is thrown is the nearest to one.
      throw end === 'exit' ? reason : new Error(reason);
    },
    {
      initialStateFunc: () => {
        started();
        return 0;
      },
      onCrash: (_message, _error, context) => context.reset,
    },
  );
  return async (count) => {
    for (let i = 0; i < count; i++) {
      await new Promise<void>((resolve) => {
        started = resolve;
        dispatch(actor, 'boom');
      });
    }
    return count;
  };
}

const measures: Readonly<Record<string, () => Repeat>> = {
  call: () => {
    const counter = spawnCounter();
    return (count) => calls(counter, count);
  },
  'call-100': concurrentCalls,
  'ping-pong': pingPong,
  'fan-in': fanIn,
  ring,
  'spawn-stop': () => spawnAndStop(1),
  'spawn-stop-100': () => spawnAndStop(100),
  restart: () => restarts('exit'),
  'restart-error': () => restarts('crash'),
};

const [measure = ''] = process.argv.slice(2);
const prepare = measures[measure];
if (prepare === undefined) throw new Error(`no measure ${JSON.stringify(measure)}`);
await answerCounts(prepare());
