/**
 * What answers the observers of other nodes: figures of this one, and its documents. The nodes of a cluster
 * trust each other; what is hidden here is hidden there as well.
 */
import { detached, exit, GenServer, noreply, reply, signal, whereis } from '@linnet/otp';
import { pageNames, type PageName, type SystemFigures } from '../../protocol/documents.ts';
import { parseQuery, type Query } from '../../protocol/query.ts';

/** The name of the process on each node. */
const agentName = 'Linnet.Observer';

/** Documents that are made at a time. */
const mostAtATime = 16;

/** How long an answer may take, in ms. */
const longestAnswer = 5000;

export interface AgentHost {
  figures(): SystemFigures;
  document(page: PageName, query: Query): Promise<object>;
}

/** The answer to a request for a document. */
type Answer = { readonly document: object } | { readonly refusal: string };

interface State extends AgentHost {
  underWay: number;
}

const NodeAgent = GenServer.define({
  name: 'observer_agent',
  init: (host: AgentHost): State => ({
    figures: () => host.figures(),
    document: (page, query) => host.document(page, query),
    underWay: 0,
  }),
  handleCall: {
    figures: (state) => reply(state.figures(), state),
    document: (state, name: string, search: string) => {
      const page = pageNames.find((each) => each === name);
      if (page === undefined) return reply<Answer, State>({ refusal: 'no such page' }, state);
      if (state.underWay >= mostAtATime) {
        return reply<Answer, State>({ refusal: 'too many viewers' }, state);
      }
      const from = GenServer.from();
      state.underWay++;
      const answer = (value: Answer): void => {
        state.underWay--;
        // The process may be dead by then, and what it sends would be dropped.
        detached(() => GenServer.reply(from, value));
      };
      state.document(page, parseQuery(new URLSearchParams(search))).then(
        (document) => answer({ document }),
        (error: unknown) => answer({ refusal: String(error) }),
      );
      return noreply(state);
    },
  },
  handleInfo: (state) => noreply(state),
  formatStatus: () => ({ state: {} }),
});

/**
 * Starts it, linked to the current process, until that ends: a link alone would let it survive an end in
 * order. Of several observers of a node, the first one answers.
 */
export async function startNodeAgent(host: AgentHost): Promise<void> {
  if (whereis(agentName) !== undefined) return;
  const { pid } = await NodeAgent.startLink(host, { name: agentName });
  // What the code of a dead process sends would be dropped.
  const end = (): void => detached(() => exit(pid, 'shutdown'));
  signal().addEventListener('abort', end, { once: true });
}

/** The figures of another node. Rejects with a CallError, `'noproc'` where no observer runs. */
export function askFigures(node: string, timeout: number): Promise<SystemFigures> {
  return GenServer.call<SystemFigures>({ name: agentName, node }, 'figures', { timeout });
}

/** The document of another node cannot be had; the message says why. */
export class NodeUnreachableError extends Error {
  override readonly name = 'NodeUnreachableError';
}

/** @throws NodeUnreachableError */
export async function askDocument(node: string, page: PageName, search: string): Promise<object> {
  let answer: Answer;
  try {
    answer = await GenServer.call<Answer>({ name: agentName, node }, ['document', page, search], {
      timeout: longestAnswer,
    });
  } catch (cause) {
    throw new NodeUnreachableError(`no observer answers on ${node}`, { cause });
  }
  if ('document' in answer) return answer.document;
  throw new NodeUnreachableError(`${node} answers: ${answer.refusal}`);
}
