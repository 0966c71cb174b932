/** Supervisors whose children move, the same on all nodes of these tests. */
import { GenServer, noreply, reply, type Pid } from '@linnet/otp';
import { ClusterSupervisor, Node } from '../../src/index.ts';

/** Counts, and hands its count over; it tells what it has begun with. */
const Tally = GenServer.define({
  name: 'Tally',
  init: (begun: { readonly from: number; readonly handedOver: boolean }) => ({
    ...begun,
    count: begun.from,
  }),
  handleCall: {
    count: (state) => reply(state.count, state),
    handedOver: (state) => reply(state.handedOver, state),
  },
  handleCast: {
    add: (state, by: number) => noreply({ ...state, count: state.count + by }),
    crash: () => {
      throw new Error('as asked');
    },
  },
});

const tally = {
  childSpec: (from: number, count?: number) =>
    Tally.childSpec({ from: count ?? from, handedOver: count !== undefined }),
  handOff: (pid: Pid) => GenServer.call<number>(pid, 'count'),
};

/** Never says what it hands over. */
const slow = {
  childSpec: (from: number) => Tally.childSpec({ from, handedOver: false }),
  handOff: () => new Promise<never>(() => {}),
};

/** Hands over what cannot be sent. */
const wordless = { childSpec: slow.childSpec, handOff: () => () => {} };

/** Runs on the main thread only. */
const local = {
  childSpec: (from: number, count?: number) => {
    if (Node.self().includes('/')) throw new Error('not here');
    return tally.childSpec(from, count);
  },
  handOff: tally.handOff,
};

export const activeTallies = () =>
  ClusterSupervisor.childSpec({
    name: 'active',
    modules: { tally, slow, wordless, local },
    redistributeAfterMs: 300,
    redistribution: 'active',
    handoffMs: 300,
  });

export const passiveTallies = () =>
  ClusterSupervisor.childSpec({ name: 'passive', modules: { tally }, redistributeAfterMs: 300 });
