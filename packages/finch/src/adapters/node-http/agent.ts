/**
 * `finch.agent()`: agents for node:http and node:https whose sockets are leases of connections of
 * the pools. They override what Node.js documents for that: `createConnection` checks a connection
 * out, and `keepSocketAlive` gives it back, so that no connection is idle in the agent.
 */
import type { Agent, ClientRequestArgs } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { LentSocket } from '@linnet/mint';
import { checkoutLease } from '../../exchange/checkout-lease.ts';
import type { Lease } from '../../exchange/lease.ts';
import type { Scheme } from '../../identity/index.ts';
import type { InstanceRef } from '../../instance/instance-ref.ts';
import { asNode } from '../adapter-error.ts';
import { agentSchema, type AgentOptions, type ResolvedAgentOptions } from './agent-options.ts';
import { poolOf } from './agent-target.ts';

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
  // Not imported: an import reads all exports of node:http, and some of those load undici.
  const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
  const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');
  const plain = new AgentSockets(ref, 'http', resolved);
  const secure = new AgentSockets(ref, 'https', resolved);

  class PoolAgent extends HttpAgent {
    override createConnection(request: ClientRequestArgs, created?: Created): undefined {
      plain.create(request, created);
    }

    override keepSocketAlive(socket: Duplex): boolean {
      return plain.giveBack(socket);
    }
  }

  class SecurePoolAgent extends HttpsAgent {
    override createConnection(request: ClientRequestArgs, created?: Created): undefined {
      secure.create(request, created);
    }

    override keepSocketAlive(socket: Duplex): boolean {
      return secure.giveBack(socket);
    }
  }

  // Requests say `connection: keep-alive`, and leave the connection as it is.
  const keepAlive = { keepAlive: true };
  return { http: new PoolAgent(keepAlive), https: new SecurePoolAgent(keepAlive) };
}

/** The sockets of one agent, each with its lease. */
class AgentSockets {
  private readonly ref: InstanceRef;
  private readonly scheme: Scheme;
  private readonly options: ResolvedAgentOptions;
  private readonly leases = new WeakMap<Duplex, Lease>();

  constructor(ref: InstanceRef, scheme: Scheme, options: ResolvedAgentOptions) {
    this.ref = ref;
    this.scheme = scheme;
    this.options = options;
  }

  /** Gets a connection for a request; its caller is told in the async context of the request. */
  create(request: ClientRequestArgs, created: Created | undefined): void {
    this.lend(request).then(
      (socket) => created?.(null, socket),
      // Node.js takes no socket with an error; its types want one.
      (error: unknown) => created?.(asNode(error as Error), undefined as unknown as Duplex),
    );
  }

  /**
   * The request is over. Always false: the agent then destroys the stream, and the connection, which
   * was given back before that, is idle in its pool.
   */
  giveBack(socket: Duplex): false {
    const lease = this.leases.get(socket);
    if (lease !== undefined && (socket as LentSocket).giveBack()) lease.release();
    return false;
  }

  private async lend(request: ClientRequestArgs): Promise<LentSocket> {
    const { poolTag, ...limits } = this.options;
    const pool = poolOf(this.scheme, poolTag, request);
    const lease = await checkoutLease(this.ref.running(), pool, { ...limits, signal: undefined });
    try {
      const socket = lease.socket();
      this.leases.set(socket, lease);
      socket.once('close', () => lease.release());
      return socket;
    } catch (error) {
      lease.release();
      throw error;
    }
  }
}
