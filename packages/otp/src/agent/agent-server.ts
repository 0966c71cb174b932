/** The server behind an agent. */
import { exit } from '../process/links/link.ts';
import { GenServer } from '../gen-server/gen-server.ts';
import { noreply, ok, reply } from '../gen-server/results.ts';

type Change = (state: unknown) => unknown;

/** The state is what the first function gave; every request is a function of it. */
export const AgentServer = GenServer.define({
  name: 'Agent',
  init: async (first: () => unknown) => ok<unknown>(await first()),
  handleCall: {
    get: async (state, fn: Change) => reply(await fn(state), state),
    update: async (state, fn: Change) => reply(undefined, await fn(state)),
    getAndUpdate: async (state, fn: Change) => {
      const result = await fn(state);
      if (!isPair(result)) return exit(['bad_return_value', result]);
      return reply(result[0], result[1]);
    },
  },
  handleCast: {
    cast: async (state, fn: Change) => noreply(await fn(state)),
  },
  handleInfo: (state) => noreply(state),
});

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
