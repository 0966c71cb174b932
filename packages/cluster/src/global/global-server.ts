/**
 * The process behind `Global` on each node: it keeps the table of names, with the processes of this node
 * as its own part, and for the names whose keeper this node is it decides who gets one.
 */
import { exit, GenServer, noreply, onDeath, type Pid, reply, self, type Watch } from '@linnet/otp';
import { nodeOf } from '../codec/pid-table.ts';
import { Node } from '../node/node.ts';
import { Companions } from '../shared/companions.ts';
import { rendezvous } from '../shared/rendezvous.ts';
import { NameTable, type Registration } from './name-table.ts';

/** Its registered name on each node. */
export const globalName = 'Linnet.Global';

/** What other processes read without asking it. */
export interface Names {
  readonly table: NameTable;
  /** The nodes that take part, this one among them. */
  readonly nodes: () => string[];
  /** The node that decides about a name. */
  keeperOf(name: string): string;
}

const namesByPid = new WeakMap<Pid, Names>();

export const namesIn = (pid: Pid): Names | undefined => namesByPid.get(pid);

type Update =
  | { readonly type: 'add'; readonly registration: Registration }
  | { readonly type: 'delete'; readonly name: string; readonly pid: Pid };

interface State extends Names {
  readonly companions: Companions;
  /** Of the processes of this node that have names: what frees these at their deaths. */
  readonly owned: Map<string, Watch>;
  /** Names that were granted here, and are not in the table yet. */
  readonly granted: Map<string, { readonly pid: Pid; readonly watch: Watch }>;
}

export const GlobalServer = GenServer.define({
  name: 'Global',
  init: (): State => {
    const table = new NameTable();
    const owned: State['owned'] = new Map();
    const granted: State['granted'] = new Map();
    const add = (registration: Registration): void => {
      const { name } = registration;
      granted.get(name)?.watch.unwatch();
      granted.delete(name);
      const loser = table.add(registration);
      if (loser === undefined || nodeOf(loser.pid) !== Node.self()) return;
      // Both were registered while their nodes did not know of each other.
      owned.get(name)?.unwatch();
      owned.delete(name);
      exit(loser.pid, { shutdown: ['name_conflict', name] });
    };
    const companions: Companions = new Companions(globalName, {
      ownContent: () => table.of(Node.self()),
      synced: (node, content) => {
        table.deleteNode(node);
        for (const registration of content as Registration[]) add(registration);
      },
      updated: (_node, content) => {
        const update = content as Update;
        if (update.type === 'add') add(update.registration);
        else table.delete(update.name, update.pid);
      },
      left: (node) => table.deleteNode(node),
    });
    const nodes = (): string[] => [Node.self(), ...companions.nodes()];
    const keeperOf = (name: string): string => rendezvous(name, nodes()) ?? Node.self();
    const pid = self();
    namesByPid.set(pid, { table, nodes, keeperOf });
    onDeath(pid, () => {
      namesByPid.delete(pid);
      for (const watch of owned.values()) watch.unwatch();
      for (const { watch } of granted.values()) watch.unwatch();
    });
    return { table, nodes, keeperOf, companions, owned, granted };
  },
  handleCall: {
    /** Asks the keeper of a name for it. */
    claim: (state, name: string, pid: Pid) => {
      const { table, granted } = state;
      if (table.get(name) !== undefined || granted.has(name)) return reply(false, state);
      const watch = onDeath(pid, () => {
        if (granted.get(name)?.pid === pid) granted.delete(name);
      });
      granted.set(name, { pid, watch });
      return reply(true, state);
    },
    /** Enters a name that the keeper has granted; `pid` is of this node. */
    add: (state, name: string, pid: Pid) => {
      const { table, companions, owned, granted } = state;
      granted.get(name)?.watch.unwatch();
      granted.delete(name);
      const registration = { name, pid, stamp: table.nextStamp() };
      if (table.add(registration) === registration) return reply(false, state);
      companions.update({ type: 'add', registration } satisfies Update);
      const server = self();
      const watch = onDeath(pid, () => GenServer.cast(server, ['free', name, pid]));
      owned.set(name, watch);
      return reply(true, state);
    },
    remove: (state, name: string) => {
      const registration = state.table.get(name);
      const isOwn = registration !== undefined && nodeOf(registration.pid) === Node.self();
      if (isOwn) free(state, name, registration.pid);
      return reply(isOwn, state);
    },
  },
  handleCast: {
    free: (state, name: string, pid: Pid) => {
      free(state, name, pid);
      return noreply(state);
    },
  },
  handleInfo: (state, message) => {
    state.companions.handle(message);
    return noreply(state);
  },
});

function free({ table, companions, owned }: State, name: string, pid: Pid): void {
  if (!table.delete(name, pid)) return;
  owned.get(name)?.unwatch();
  owned.delete(name);
  companions.update({ type: 'delete', name, pid } satisfies Update);
}
