/**
 * `finch.agent()`: agents for node:http and node:https whose sockets are leases of connections of
 * the pools. They override what Node.js documents for that: `createConnection` makes a stream that
 * waits for a connection, `keepSocketAlive` gives the connection back, so that none is idle in the
 * agent, and with `reuseSocket` the stream waits for one again.
 */
import type { Agent, ClientRequest, ClientRequestArgs } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { createLentSocket } from '@linnet/mint';
import type { Scheme } from '../../identity/index.ts';
import type { InstanceRef } from '../../instance/instance-ref.ts';
import type { ResolvedCheckoutOptions } from '../../options/index.ts';
import { asNode } from '../adapter-error.ts';
import { agentSchema, type AgentOptions, type ResolvedAgentOptions } from './agent-options.ts';
import { poolOf } from './agent-target.ts';
import { watchHints } from './keep-alive-hint.ts';
import { Loan, loans } from './loan.ts';

/** The agents of an instance, by protocol: what got takes as its option `agent`. */
export interface FinchAgents {
  /** For node:http, and for `httpAgent` of axios. */
  readonly http: Agent;
  /** For node:https, and for `httpsAgent` of axios. */
  readonly https: SecureAgent;
}

/** What node:http is told of the connection for a request. */
type Created = (error: Error | null, socket: Duplex) => void;

/** Makes the agents of an instance. @throws OptionsError */
export function createAgents(ref: InstanceRef, options: AgentOptions | undefined): FinchAgents {
  const resolved = agentSchema.parse(options);
  watchHints();
  // Not imported: an import reads all exports of node:http, and some of those load undici.
  const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
  const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');
  const plain = new AgentSockets(ref, 'http', resolved);
  const secure = new AgentSockets(ref, 'https', resolved);

  class PoolAgent extends HttpAgent {
    override createConnection(request: ClientRequestArgs, created?: Created): Duplex | undefined {
      return plain.create(request, created);
    }

    override keepSocketAlive(socket: Duplex): boolean {
      return giveBack(socket);
    }

    override reuseSocket(socket: Duplex, request: ClientRequest): void {
      super.reuseSocket(socket, request);
      beginAgain(socket);
    }
  }

  class SecurePoolAgent extends HttpsAgent {
    override createConnection(request: ClientRequestArgs, created?: Created): Duplex | undefined {
      return secure.create(request, created);
    }

    override keepSocketAlive(socket: Duplex): boolean {
      return giveBack(socket);
    }

    override reuseSocket(socket: Duplex, request: ClientRequest): void {
      super.reuseSocket(socket, request);
      beginAgain(socket);
    }
  }

  // Requests say `connection: keep-alive`, and leave the connection as it is.
  const keepAlive = { keepAlive: true };
  return { http: new PoolAgent(keepAlive), https: new SecurePoolAgent(keepAlive) };
}

/**
 * The streams of one agent. The agent keeps those that are free; their connections are idle in the
 * pool meanwhile, and the next request with such a stream gets whatever connection is free then.
 */
class AgentSockets {
  private readonly ref: InstanceRef;
  private readonly scheme: Scheme;
  private readonly poolTag: string;
  private readonly limits: ResolvedCheckoutOptions;

  constructor(ref: InstanceRef, scheme: Scheme, { poolTag, ...limits }: ResolvedAgentOptions) {
    this.ref = ref;
    this.scheme = scheme;
    this.poolTag = poolTag;
    this.limits = { ...limits, signal: undefined };
  }

  /** The stream of a new request, which waits for its connection; none where the request cannot be met. */
  create(request: ClientRequestArgs, created: Created | undefined): Duplex | undefined {
    try {
      const pool = poolOf(this.scheme, this.poolTag, request);
      const socket = createLentSocket();
      const loan = new Loan(socket, this.ref, pool, this.limits);
      loans.set(socket, loan);
      loan.begin();
      return socket;
    } catch (error) {
      // Node.js takes no socket with an error; its types want one.
      created?.(asNode(error as Error), undefined as unknown as Duplex);
      return undefined;
    }
  }
}

/** The request is over: its connection goes back. False when the stream is to be destroyed. */
function giveBack(socket: Duplex): boolean {
  return loans.get(socket)?.giveBack() === true;
}

/** Another request has the stream, which needs a connection again. */
function beginAgain(socket: Duplex): void {
  loans.get(socket)?.beginAgain();
}
