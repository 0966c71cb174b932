/**
 * `finch.agent()`: agents for node:http and node:https whose sockets are leases of connections of
 * the pools. They override what Node.js documents for that: `createConnection` and `reuseSocket`
 * check a connection out, and `keepSocketAlive` gives it back, so that none is idle in the agent.
 */
import type { Agent, ClientRequest, ClientRequestArgs } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { LentSocket } from '@linnet/mint';
import { checkoutLease } from '../../exchange/checkout-lease.ts';
import type { Lease } from '../../exchange/lease.ts';
import type { PoolIdentity, Scheme } from '../../identity/index.ts';
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

    override reuseSocket(socket: Duplex, request: ClientRequest): void {
      super.reuseSocket(socket, request);
      plain.reopen(socket);
    }
  }

  class SecurePoolAgent extends HttpsAgent {
    override createConnection(request: ClientRequestArgs, created?: Created): undefined {
      secure.create(request, created);
    }

    override keepSocketAlive(socket: Duplex): boolean {
      return secure.giveBack(socket);
    }

    override reuseSocket(socket: Duplex, request: ClientRequest): void {
      super.reuseSocket(socket, request);
      secure.reopen(socket);
    }
  }

  // Requests say `connection: keep-alive`, and leave the connection as it is.
  const keepAlive = { keepAlive: true };
  return { http: new PoolAgent(keepAlive), https: new SecurePoolAgent(keepAlive) };
}

/** What a stream of an agent is for, and what it has at this moment. */
interface Opened {
  readonly pool: PoolIdentity;
  lease: Lease;
}

/**
 * The streams of one agent. The agent keeps those that are free; their connections are idle in the
 * pool meanwhile, and the next request with such a stream gets whatever connection is free then.
 */
class AgentSockets {
  private readonly ref: InstanceRef;
  private readonly scheme: Scheme;
  private readonly options: ResolvedAgentOptions;
  private readonly opened = new WeakMap<Duplex, Opened>();

  constructor(ref: InstanceRef, scheme: Scheme, options: ResolvedAgentOptions) {
    this.ref = ref;
    this.scheme = scheme;
    this.options = options;
  }

  /** Makes a stream for a request; its caller is told in the async context of the request. */
  create(request: ClientRequestArgs, created: Created | undefined): void {
    this.open(request).then(
      (socket) => created?.(null, socket),
      // Node.js takes no socket with an error; its types want one.
      (error: unknown) => created?.(asNode(error as Error), undefined as unknown as Duplex),
    );
  }

  /** The request is over: its connection goes back. False when the stream is to be destroyed. */
  giveBack(socket: Duplex): boolean {
    const opened = this.opened.get(socket);
    if (opened === undefined || !(socket as LentSocket).giveBack()) return false;
    opened.lease.release();
    return true;
  }

  /** Another request has the stream, which needs a connection again. */
  reopen(socket: Duplex): void {
    const opened = this.opened.get(socket);
    if (opened === undefined) return;
    (socket as LentSocket).awaitConnection();
    this.checkout(opened.pool).then(
      (lease) => {
        // The request may be over by now, and with it the stream.
        if (socket.destroyed) lease.release();
        else this.attach(opened, lease, socket as LentSocket);
      },
      (error: unknown) => socket.destroy(asNode(error as Error)),
    );
  }

  private attach(opened: Opened, lease: Lease, socket: LentSocket): void {
    opened.lease = lease;
    try {
      lease.socket(socket);
    } catch (error) {
      lease.release();
      socket.destroy(asNode(error as Error));
    }
  }

  private async open(request: ClientRequestArgs): Promise<LentSocket> {
    const pool = poolOf(this.scheme, this.options.poolTag, request);
    const lease = await this.checkout(pool);
    try {
      const socket = lease.socket();
      const opened: Opened = { pool, lease };
      this.opened.set(socket, opened);
      socket.once('close', () => opened.lease.release());
      return socket;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  private async checkout(pool: PoolIdentity): Promise<Lease> {
    const { poolTag: _, ...limits } = this.options;
    return checkoutLease(this.ref.running(), pool, { ...limits, signal: undefined });
  }
}
