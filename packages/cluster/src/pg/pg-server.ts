/** The process of a scope: it keeps the scopes of the other nodes up to date, and this one with theirs. */
import {
  GenServer,
  type GroupMonitor as LocalMonitor,
  noreply,
  onDeath,
  type Pid,
  Pg as LocalPg,
  self,
} from '@linnet/otp';
import { Companions } from '../shared/companions.ts';
import { GroupMonitors } from './group-monitors.ts';
import { Groups, type SentGroups, thisSide } from './groups.ts';

/** What other processes read of a scope without asking its process. */
export interface Scope {
  readonly groups: Groups;
  readonly monitors: GroupMonitors;
  /** The name of otp's scope with the members of this node. */
  readonly local: string;
}

const scopes = new WeakMap<Pid, Scope>();

/** The scope of a running process. */
export const scopeIn = (pid: Pid): Scope | undefined => scopes.get(pid);

interface Change {
  readonly event: 'join' | 'leave';
  readonly group: unknown;
  readonly pids: readonly Pid[];
}

interface State extends Scope {
  readonly companions: Companions;
  readonly ref: LocalMonitor;
}

export const ScopeServer = GenServer.define({
  name: 'Pg',
  init: async (name: string): Promise<State> => {
    const local = `${name}/local`;
    await LocalPg.startLink({ scope: local });
    const groups = new Groups({ scope: local });
    const monitors = new GroupMonitors();
    const tell = (event: Change['event'], changed: SentGroups): void => {
      for (const [group, pids] of changed) monitors.tell({ event, group, pids });
    };
    const companions = new Companions(name, {
      ownContent: () => groups.own(),
      synced: (node, content) => {
        tell('leave', groups.takeNode(node));
        for (const [group, pids] of content as SentGroups) groups.join(node, group, pids);
        tell('join', content as SentGroups);
      },
      updated: (node, content) => {
        const { event, group, pids } = content as Change;
        groups[event](node, group, pids);
        tell(event, [[group, pids]]);
      },
      left: (node) => tell('leave', groups.takeNode(node)),
    });
    const { ref } = LocalPg.monitorScope({ scope: local });
    const pid = self();
    scopes.set(pid, { groups, monitors, local });
    onDeath(pid, () => scopes.delete(pid));
    return { groups, monitors, local, companions, ref };
  },
  handleInfo: (state, message) => {
    if (state.ref.isGroupMessage(message)) {
      const { event, group, pids } = message;
      state.groups[event](thisSide, group, pids);
      state.companions.update({ event, group, pids } satisfies Change);
      state.monitors.tell({ event, group, pids });
    } else state.companions.handle(message);
    return noreply(state);
  },
});
