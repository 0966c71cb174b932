/**
 * The process of a node that gets leases for it: it finds the limiter of each host, or starts one, asks
 * it when leases are wanted, and gives back what is left over.
 */
import {
  detached,
  GenServer,
  monitor,
  type MonitorRef,
  noreply,
  onDeath,
  type Pid,
  reply,
  self,
  sendAfter,
  trapExit,
} from '@linnet/otp';
import { Global } from '../global/global.ts';
import type { LeaseTable } from './lease-table.ts';
import { HostLimiterServer, type Holding, limiterName } from './limiter-server.ts';

/** What such a process is started with. */
export interface LeaseServerOptions {
  readonly table: LeaseTable;
  readonly limitOf: (host: string) => number;
  readonly nodes: number | undefined;
  /** Milliseconds for which leases that are not in use are kept. */
  readonly keepMs: number;
}

/** The limiter of a host, as this node deals with it. */
interface HostState {
  limiter: { readonly pid: Pid; readonly ref: MonitorRef } | undefined;
  /** What the limiter believes that this node holds. */
  known: number;
  /** A limiter is being looked for or started. */
  seeking: boolean;
  /** The limiter was asked for leases, and has not granted any yet. */
  asked: boolean;
  /** How many are asked for: twice as many each time, until some are left over. */
  batch: number;
  /** What is left over is given back at the end of `keepMs`. */
  keeping: boolean;
}

interface State {
  readonly options: LeaseServerOptions;
  readonly hosts: Map<string, HostState>;
  /** Limiters that were started here, until they end. */
  readonly started: Map<string, MonitorRef>;
}

/** Milliseconds until a limiter is looked for again. */
const retryMs = 100;
/** Leases that are asked for at once, at most. */
const largestBatch = 64;

/** Sent by the process to itself. */
interface Later {
  readonly type: 'linnet:seek' | 'linnet:spare';
  readonly host: string;
}

export const LeaseServer = GenServer.define({
  name: 'HostLeases',
  init: (options: LeaseServerOptions): State => {
    trapExit();
    // Throws where `Global` does not run: without it, no limiter is found.
    Global.nodes();
    const server = self();
    options.table.attach(() => GenServer.cast(server, 'changed'));
    onDeath(server, () => options.table.detach());
    return { options, hosts: new Map(), started: new Map() };
  },
  handleCall: {
    /** A limiter that begins asks what is held; from now on it is the one. */
    holds: (state, host: string, limiter: Pid) => {
      const { held, waiting } = state.options.table.figures(host);
      if (held > 0 || waiting > 0) {
        GenServer.cast(limiter, ['present', self(), held]);
        take(state, host, limiter, held);
      }
      return reply<Holding, State>({ pid: self(), held }, state);
    },
  },
  handleCast: {
    changed: async (state) => {
      for (const host of state.options.table.takeChanged()) await update(state, host);
      return noreply(state);
    },
    update: async (state, host: string) => {
      await update(state, host);
      return noreply(state);
    },
    granted: async (state, host: string, by: Pid, count: number) => {
      const entry = state.hosts.get(host);
      // Not by a limiter that has been given up: another one may have granted the same since.
      if (entry?.limiter?.pid === by) {
        entry.asked = false;
        entry.known += count;
        detached(() => state.options.table.grant(host, count));
        await update(state, host);
      }
      return noreply(state);
    },
    share: async (state, host: string, by: Pid, share: number) => {
      if (state.hosts.get(host)?.limiter?.pid === by) {
        detached(() => state.options.table.setShare(host, share));
        await update(state, host);
      }
      return noreply(state);
    },
  },
  handleInfo: async (state, message) => {
    if (isLater(message)) {
      const { type, host } = message;
      if (type === 'linnet:spare') giveSpareBack(state, host);
      else hostOf(state, host).seeking = false;
      await update(state, host);
    } else limiterDown(state, message);
    return noreply(state);
  },
});

/** Brings the limiter of a host up to date, and asks it for what is wanted. */
async function update(state: State, host: string): Promise<void> {
  const { table, keepMs } = state.options;
  table.takeSpare(host, Number.POSITIVE_INFINITY);
  const { held, used, waiting } = table.figures(host);
  const entry = hostOf(state, host);
  const { limiter } = entry;
  if (limiter === undefined) {
    if (held === 0 && waiting === 0) state.hosts.delete(host);
    else await seek(state, host, entry);
    return;
  }
  if (entry.known !== held) {
    GenServer.cast(limiter.pid, ['returned', self(), entry.known - held]);
    entry.known = held;
  }
  if (waiting > 0 && !entry.asked) {
    entry.asked = true;
    GenServer.cast(limiter.pid, ['ask', self(), waiting, entry.batch]);
    entry.batch = Math.min(2 * entry.batch, largestBatch);
  }
  if (held > used && !entry.keeping) {
    entry.keeping = true;
    sendAfter(self(), { type: 'linnet:spare', host } satisfies Later, keepMs);
  }
}

function giveSpareBack(state: State, host: string): void {
  const entry = hostOf(state, host);
  entry.keeping = false;
  if (state.options.table.takeSpare(host, 0) > 0) entry.batch = 1;
}

/** Finds the limiter of a host, or starts one, which asks what is held here once it is elected. */
async function seek(state: State, host: string, entry: HostState): Promise<void> {
  if (entry.seeking) return;
  const pid = Global.whereis(limiterName(host));
  if (pid === undefined) {
    entry.seeking = true;
    if (state.started.has(host)) return;
    const { limitOf, nodes } = state.options;
    const limiter = await HostLimiterServer.startLink({ host, limit: limitOf(host), nodes });
    state.started.set(host, monitor(limiter.pid));
    return;
  }
  const { held } = state.options.table.figures(host);
  GenServer.cast(pid, ['attach', self(), held]);
  take(state, host, pid, held);
}

/** From now on, this limiter is the one of the host; it believes that so many leases are held. */
function take(state: State, host: string, pid: Pid, held: number): void {
  const entry = hostOf(state, host);
  entry.limiter = { pid, ref: monitor(pid) };
  entry.known = held;
  entry.asked = entry.seeking = false;
  const { table } = state.options;
  detached(() => table.setShare(host, Number.POSITIVE_INFINITY));
  GenServer.cast(self(), ['update', host]);
}

function limiterDown(state: State, message: unknown): void {
  for (const [host, ref] of state.started) {
    if (!ref.isDownMessage(message)) continue;
    state.started.delete(host);
    seekLater(state, host);
  }
  for (const [host, entry] of state.hosts) {
    if (entry.limiter?.ref.isDownMessage(message) !== true) continue;
    entry.limiter = undefined;
    entry.asked = false;
    seekLater(state, host);
  }
}

/** Not at once: where it has gone, its name may still be in the table. */
function seekLater(state: State, host: string): void {
  const entry = state.hosts.get(host);
  if (entry === undefined || entry.limiter !== undefined) return;
  entry.seeking = true;
  sendAfter(self(), { type: 'linnet:seek', host } satisfies Later, retryMs);
}

function hostOf({ hosts }: State, host: string): HostState {
  let entry = hosts.get(host);
  if (entry === undefined) {
    entry = {
      limiter: undefined,
      known: 0,
      seeking: false,
      asked: false,
      batch: 1,
      keeping: false,
    };
    hosts.set(host, entry);
  }
  return entry;
}

const isLater = (message: unknown): message is Later =>
  typeof message === 'object' &&
  message !== null &&
  'type' in message &&
  (message.type === 'linnet:seek' || message.type === 'linnet:spare');
