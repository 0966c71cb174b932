/** Nodes that race for names: in each round, all of them want the same names at the same moment. */
import { type Pid, receive, self, send } from '@linnet/otp';
import { Global, type Modules, Node } from '../../src/index.ts';

/** A round: when it begins, in ms since 1970, and for which names. */
interface Round {
  readonly at: number;
  readonly names: readonly string[];
}

/** What one node has won in a round. */
interface Won {
  readonly wonBy: string;
  readonly count: number;
}

/** Milliseconds that each node has to hear of a round before it begins. */
const noticeMs = 50;

const until = async (at: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 5));
  while (Date.now() < at);
};

/** The names in another order for each racer. */
const rotated = (names: readonly string[], by: number): readonly string[] => [
  ...names.slice(by),
  ...names.slice(0, by),
];

/** For the modules of the nodes: the racer on each. */
export const raceModules: Modules = {
  racer: async (index: number, racers: number, to: Pid) => {
    for (;;) {
      const { at, names } = (await receive()) as Round;
      const order = rotated(names, Math.floor((index * names.length) / racers));
      await until(at);
      const won = await Promise.all(
        order.map((name) => Global.register(name, self(), { timeout: 25_000 })),
      );
      send(to, { wonBy: Node.self(), count: won.filter(Boolean).length } satisfies Won);
    }
  },
};

const isWon = (message: unknown): message is Won =>
  typeof message === 'object' && message !== null && 'wonBy' in message;

/** What came of a race. */
export interface RaceResult {
  /** How many names each node has won. */
  readonly won: ReadonlyMap<string, number>;
  /** The processes that have them. */
  readonly racers: readonly Pid[];
}

/** Has nodes race for names, to be called in a process; the names belong to the racers, until they end. */
export async function raceForNames(
  nodes: readonly string[],
  names: readonly string[],
  perRound = 100,
): Promise<RaceResult> {
  const racers = await Promise.all(
    nodes.map((node, i) => Node.spawn(node, 'racer', [i, nodes.length, self()])),
  );
  const won = new Map(nodes.map((node) => [node, 0]));
  for (let from = 0; from < names.length; from += perRound) {
    const round: Round = { at: Date.now() + noticeMs, names: names.slice(from, from + perRound) };
    for (const pid of racers) send(pid, round);
    for (let i = 0; i < racers.length; i++) {
      const { wonBy, count } = await receive(isWon);
      won.set(wonBy, (won.get(wonBy) ?? 0) + count);
    }
  }
  return { won, racers };
}
