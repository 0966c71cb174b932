/**
 * The process that limits one host for the whole cluster. It has the global name of the host, so that
 * there is one of it; it asks all nodes what they hold before it grants anything, and takes back what a
 * node held that is gone.
 */
import {
  GenServer,
  monitor,
  type MonitorRef,
  noreply,
  ok,
  type Pid,
  self,
  sendAfter,
  stop,
} from '@linnet/otp';
import { Global } from '../global/global.ts';
import { multiCall } from '../multi-call.ts';
import { Node } from '../node/node.ts';
import { LimiterState } from './limiter-state.ts';

/** The registered name, on each node, of the process that holds its leases. */
export const leasesName = 'Linnet.HostLeases';

/** The global name of the process that limits a host. */
export const limiterName = (host: string): string => `Linnet.HostLimiter ${host}`;

/** What such a process is started with. */
export interface LimiterOptions {
  readonly host: string;
  readonly limit: number;
  /** How many nodes there are when all are there: a part of a cut cluster has its share of the limit. */
  readonly nodes: number | undefined;
}

/** What a node holds of a host. */
export interface Holding {
  readonly pid: Pid;
  readonly held: number;
}

interface State {
  readonly options: LimiterOptions;
  readonly leases: LimiterState<Pid>;
  readonly refs: Map<Pid, MonitorRef>;
}

/** Milliseconds that a node may take to say what it holds. */
const learnMs = 2000;
/** Milliseconds between two looks whether any lease is held; without one, the process ends. */
const restMs = 60_000;
const rest = 'linnet:rest';

export const HostLimiterServer = GenServer.define({
  name: 'HostLimiter',
  init: (options: LimiterOptions) =>
    ok<State>({ options, leases: new LimiterState(limitNow(options)), refs: new Map() }, begin),
  handleContinue: {
    begin: async (state) => {
      const { host } = state.options;
      if (!(await Global.register(limiterName(host)))) return stop('normal', state);
      Node.monitorNodes(true);
      const { replies } = await multiCall<Holding>(leasesName, ['holds', host, self()], {
        timeout: learnMs,
      });
      for (const { pid, held } of replies.values()) attach(state, pid, held);
      sendAfter(self(), rest, restMs);
      return distributed(state);
    },
  },
  handleCast: {
    /** A node says what it holds in all. */
    attach: (state, pid: Pid, held: number) => {
      attach(state, pid, held);
      return distributed(state);
    },
    /** A node that was asked what it holds says so once more: its answer may have come too late. */
    present: (state, pid: Pid, held: number) => {
      if (!state.leases.has(pid)) attach(state, pid, held);
      return distributed(state);
    },
    ask: (state, pid: Pid, needs: number, batch: number) => {
      if (state.leases.has(pid)) state.leases.ask(pid, needs, batch);
      return distributed(state);
    },
    /** Leases come back; with a number < 0, connections were open without one. */
    returned: (state, pid: Pid, count: number) => {
      if (state.leases.has(pid)) state.leases.giveBack(pid, count);
      return distributed(state);
    },
  },
  handleInfo: (state, message) => {
    const { leases, refs, options } = state;
    if (message === rest) {
      if (leases.isEmpty) return stop('normal', state);
      sendAfter(self(), rest, restMs);
      return noreply(state);
    }
    for (const [pid, ref] of refs) {
      if (!ref.isDownMessage(message)) continue;
      refs.delete(pid);
      leases.gone(pid);
    }
    leases.limit = limitNow(options);
    return distributed(state);
  },
});

const begin = { continue: 'begin' } as const;

function limitNow({ limit, nodes }: LimiterOptions): number {
  if (nodes === undefined) return limit;
  const present = Math.min(nodes, Node.list().length + 1);
  return Math.max(1, Math.floor((limit * present) / nodes));
}

function attach({ leases, refs }: State, pid: Pid, held: number): void {
  if (!refs.has(pid)) refs.set(pid, monitor(pid));
  leases.attach(pid, held);
}

function distributed(state: State): ReturnType<typeof noreply<State>> {
  const { host } = state.options;
  for (const news of state.leases.distribute()) {
    const said =
      news.type === 'granted' ? ['granted', host, self(), news.count] : shareOf(host, news.share);
    GenServer.cast(news.to, said as [string, ...unknown[]]);
  }
  return noreply(state);
}

const shareOf = (host: string, share: number): unknown[] => ['share', host, self(), share];
