/** Processes of the nodes of the tests. */
import {
  type Alias,
  alias,
  exit,
  GenServer,
  link,
  noreply,
  type Pid,
  processInfo,
  receive,
  register,
  reply,
  self,
  send,
  spawn,
  stop,
  trapExit,
  unlink,
} from '@linnet/otp';
import {
  ClusterSupervisor,
  Global,
  type Modules,
  Node,
  type NodeMessage,
  Pg,
} from '../../src/index.ts';
import { raceModules } from './name-race.ts';

const Counter = GenServer.define({
  name: 'Counter',
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    add: (n, by: number) => reply(n + by, n + by),
    echo: (n, value: unknown) => reply(value, n),
    long: (n, length: number) => reply(new Uint8Array(length), n),
    caller: (n) => reply(GenServer.from().pid, n),
    fail: () => {
      throw new RangeError('as asked');
    },
    never: (n) => noreply(n),
    slow: async (n, ms: number) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return reply('late', n);
    },
    callback: (n) => reply(() => {}, n),
    kill: (n) => {
      exit(self(), 'kill');
      return noreply(n);
    },
    end: (n, reason: string) => stop(reason, n),
  },
  handleCast: { add: (n, by: number) => noreply(n + by) },
});

/** Echoes to whoever asks, links itself, or ends. */
async function echo(): Promise<void> {
  let kept: Alias | undefined;
  for (;;) {
    const message = (await receive()) as {
      do: string;
      from: Pid;
      value?: unknown;
      to?: Pid;
      message?: unknown;
    };
    if (message.do === 'echo') send(message.from, { echo: message.value });
    if (message.do === 'links') send(message.from, { links: processInfo(self())?.links });
    if (message.do === 'forward') send(message.to as Pid, message.message);
    if (message.do === 'alias') {
      const own = alias();
      send(message.from, [own, own]);
    }
    if (message.do === 'keep') kept = message.value as Alias;
    if (message.do === 'useKept') send(kept as Alias, message.value);
    if (message.do === 'link') link(message.from);
    if (message.do === 'unlink') unlink(message.from);
    if (message.do === 'linkAndTrap') {
      trapExit();
      link(message.from);
      send(message.from, 'linked');
    }
    if (message.do === 'nextMessage') send(message.from, { next: await receive() });
    if (message.do === 'exit') exit(message.value);
    if (message.do === 'spin') for (;;);
    if (message.do === 'processExit') process.exit(3);
    if (message.do === 'throwOutside') {
      setTimeout(() => {
        throw new Error('stray');
      }, 0);
    }
  }
}

/** A child of the supervisor of the whole cluster. */
const Job = GenServer.define({
  name: 'Job',
  init: (order: string) => order,
  handleCall: { order: (order) => reply(order, order), node: (order) => reply(Node.self(), order) },
  handleCast: { end: (order, reason: string) => stop(reason, order) },
});

/** The supervisor of the whole cluster, the same on all nodes. */
export const jobs = () =>
  ClusterSupervisor.childSpec({ name: 'jobs', modules: { Job }, redistributeAfterMs: 300 });

/** One whose children stop in a minority of three nodes. */
export const strictJobs = () =>
  ClusterSupervisor.childSpec({
    name: 'strict',
    modules: { Job },
    redistributeAfterMs: 300,
    majorityOf: 3,
  });

/** What other nodes may start. */
export const modules: Modules = {
  echo,
  /** Takes messages, and tells when it has had so many. */
  sink: async (to: Pid, count: number) => {
    for (let i = 0; i < count; i++) await receive();
    send(to, 'done');
  },
  sum: (to: Pid, ...numbers: number[]) => send(to, { sum: numbers.reduce((a, b) => a + b, 0) }),
  ends: (reason: string) => exit(reason),
  waits: () => receive(),
  double: (n: number) => 2 * n,
  processExits: () => process.exit(3),
  /** Ends with a long reason when it is told to. */
  endsLong: async (length: number) => {
    await receive();
    exit(new Uint8Array(length));
  },
  /** Joins a group, and waits. */
  joins: async (group: unknown, to: Pid) => {
    Pg.join(group, self());
    send(to, 'joined');
    await receive();
  },
  /** Tells which members a group has here. */
  tellMembers: (group: unknown, to: Pid) => send(to, { members: Pg.members(group) }),
  /** Registers a global name, tells whether it has it, and waits. */
  registers: async (name: string, to: Pid) => {
    send(to, { registered: await Global.register(name) });
    await receive();
  },
  ...raceModules,
  /** Keeps what it is told of other nodes, and tells it when it is asked. */
  recordsNodes: async () => {
    register('recorder');
    Node.monitorNodes(true);
    const news: NodeMessage[] = [];
    for (;;) {
      const message = (await receive()) as NodeMessage | { readonly tell: Pid };
      if ('tell' in message) send(message.tell, { news, by: Node.self() });
      else news.push(message);
    }
  },
  /** Registers a global name as soon as the connection to a node is over. */
  registersAlone: async (name: string, node: string, to: Pid) => {
    Node.monitor(node);
    send(to, 'monitoring');
    await receive();
    await Global.register(name);
    await receive();
  },
  tellNodes: (to: Pid) => send(to, { nodes: Global.nodes().length }),
  tellNames: (to: Pid) =>
    send(to, { names: Global.names().map((name) => [name, Global.whereis(name)]) }),
};

/** Starts those that are found by their names. */
export async function startNamed(): Promise<void> {
  await Pg.startLink();
  await Global.startLink();
  await jobs().start();
  await strictJobs().start();
  spawn(() => {
    register('echo');
    return echo();
  });
  await Counter.start(10, { name: 'counter' });
}
