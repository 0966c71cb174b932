/**
 * The process behind `Global` on each node: through it, all that happens to the names of this node comes
 * in one order.
 */
import { GenServer, noreply, onDeath, type Pid, reply, self, sendAfter } from '@linnet/otp';
import { nodeOf } from '../codec/address-table.ts';
import { Node } from '../node/node.ts';
import { Companions } from '../shared/companions.ts';
import type { OnConflict, Registration } from './name-table.ts';
import { type Departure, Names, type NamesOptions, type Update } from './names.ts';

/** Its registered name on each node. */
export const globalName = 'Linnet.Global';

const namesByPid = new WeakMap<Pid, Names>();

/** What other processes read without asking it. */
export const namesIn = (pid: Pid): Names | undefined => namesByPid.get(pid);

/** Sent to itself when the strict names of a node that has gone are free. */
interface Release {
  readonly type: 'linnet:release';
  readonly departure: Departure;
}

export const GlobalServer = GenServer.define({
  name: 'Global',
  init: (options: NamesOptions) => {
    const server = self();
    const names = new Names(options, {
      died: (name, pid) => GenServer.cast(server, ['free', name, pid]),
      hold: (departure) => {
        const message: Release = { type: 'linnet:release', departure };
        sendAfter(server, message, options.releaseMs);
      },
    });
    const companions: Companions = new Companions(globalName, {
      ownContent: () => names.table.of(Node.self()),
      synced: (node, content) => names.synced(node, content as Registration[]),
      updated: (_node, content) => {
        const update = content as Update;
        if (update.type === 'add') names.add(update.registration);
        else names.table.delete(update.name, update.pid);
      },
      left: (node) => names.left(node),
    });
    names.companions = companions;
    namesByPid.set(server, names);
    onDeath(server, () => {
      namesByPid.delete(server);
      names.close();
    });
    return { names, companions };
  },
  handleCall: {
    /** Asks the keeper of a name for it, or for its vote. */
    claim: (state, name: string, pid: Pid, strict: boolean) =>
      reply(state.names.promise(name, pid, strict), state),
    /** Enters a name that was granted; `pid` is of this node. */
    add: (state, name: string, pid: Pid, onConflict: OnConflict, strict: boolean) =>
      reply(state.names.enter({ name, pid, onConflict, strict }), state),
    remove: (state, name: string) => {
      const registration = state.names.table.get(name);
      const isOwn = registration !== undefined && nodeOf(registration.pid) === Node.self();
      if (isOwn) state.names.free(name, registration.pid);
      return reply(isOwn, state);
    },
  },
  handleCast: {
    free: (state, name: string, pid: Pid) => {
      state.names.free(name, pid);
      return noreply(state);
    },
    /** A process was promised a name, and does not take it. */
    renounce: (state, name: string, pid: Pid) => {
      state.names.breakPromise(name, pid);
      return noreply(state);
    },
  },
  handleInfo: (state, message) => {
    const { names, companions } = state;
    if (companions.handle(message)) return noreply(state);
    const { type, departure } = message as Partial<Release>;
    if (type === 'linnet:release' && departure !== undefined) names.ended(departure);
    return noreply(state);
  },
});
