/**
 * Processes that one node starts on another. One that is to be linked or monitored waits with its
 * body until it is, so that its end cannot come first.
 */
import { ExitError, Pid, spawn } from '@linnet/otp';
import { thisNode } from '@linnet/otp/distribution';
import { sendable } from '../codec/sendable.ts';
import { SpawnError, type SpawnFailure } from '../errors/spawn-error.ts';
import { bodyOf, type Modules } from './modules.ts';
import { currentSender, signalType, type SignalSender } from './signal.ts';
import { TablesByNode } from './tables.ts';

interface Pending {
  readonly module: string;
  /** The process that has asked for it. */
  readonly sender: number;
  readonly resolve: (started: { readonly pid: Pid; readonly go: () => void }) => void;
  readonly reject: (error: SpawnError) => void;
}

/** Lets a process that waits begin, or ends it. */
interface Held {
  go(): void;
  end(): void;
}

/** Starts a process that waits before its body. */
function spawnHeld(run: () => unknown): { readonly pid: Pid; readonly held: Held } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The process may be killed before it waits.
  promise.catch(() => {});
  const pid = spawn(async () => {
    await promise;
    return run();
  });
  return { pid, held: { go: resolve, end: () => reject(new ExitError('noconnection')) } };
}

export class Spawns {
  readonly #sender: SignalSender;
  readonly #modules: Modules;
  readonly #ours = new TablesByNode<Pending>();
  readonly #theirs = new TablesByNode<Held>();
  #lastRef = 0;

  constructor(sender: SignalSender, modules: Modules) {
    this.#sender = sender;
    this.#modules = modules;
  }

  /** Starts a process on a node; `go` lets it begin if it was to wait. */
  spawn(
    node: string,
    module: string,
    args: readonly unknown[],
    waits: boolean,
  ): Promise<{ readonly pid: Pid; readonly go: () => void }> {
    const prepared = sendable(args, 'arguments');
    if (node === thisNode().name) return this.#spawnHere(node, module, args, waits);
    const ref = ++this.#lastRef;
    const sender = currentSender();
    const signal = [signalType.spawnRequest, ref, module, prepared, waits];
    return new Promise((resolve, reject) => {
      this.#ours.set(node, ref, { module, sender, resolve, reject });
      let isSent: boolean;
      try {
        isSent = this.#sender.send({ name: node }, signal, sender);
      } catch (error) {
        this.#ours.take(node, ref);
        throw error;
      }
      if (isSent) return;
      this.#ours.take(node, ref)?.reject(new SpawnError('noconnection', node, module));
    });
  }

  requested(node: string, [ref, module, args, waits]: readonly unknown[]): void {
    if (typeof ref !== 'number' || typeof module !== 'string' || !Array.isArray(args)) {
      throw new TypeError('a request to spawn that cannot be read');
    }
    const body = bodyOf(this.#modules, module);
    if (body === undefined) {
      this.#sender.send({ name: node }, [signalType.spawnReply, ref, undefined, 'undef'], 0);
      return;
    }
    const run = (): unknown => body(...(args as never[]));
    let pid: Pid;
    if (waits === true) {
      const started = spawnHeld(run);
      pid = started.pid;
      this.#theirs.set(node, ref, started.held);
    } else pid = spawn(run);
    this.#sender.send({ name: node }, [signalType.spawnReply, ref, pid], pid.id);
  }

  async #spawnHere(
    node: string,
    module: string,
    args: readonly unknown[],
    waits: boolean,
  ): Promise<{ readonly pid: Pid; readonly go: () => void }> {
    const body = bodyOf(this.#modules, module);
    if (body === undefined) throw new SpawnError('undef', node, module);
    const run = (): unknown => body(...(args as never[]));
    if (!waits) return { pid: spawn(run), go: () => {} };
    const { pid, held } = spawnHeld(run);
    return { pid, go: () => held.go() };
  }

  released(node: string, ref: number): void {
    this.#theirs.take(node, ref)?.go();
  }

  replied(node: string, [ref, pid, failure]: readonly unknown[]): void {
    if (typeof ref !== 'number') return;
    const pending = this.#ours.take(node, ref);
    if (pending === undefined) return;
    if (Pid.isPid(pid)) {
      const go = (): void => {
        this.#sender.send({ name: node }, [signalType.spawnGo, ref], pending.sender);
      };
      pending.resolve({ pid, go });
    } else pending.reject(new SpawnError(failure as SpawnFailure, node, pending.module));
  }

  nodeDown(node: string): void {
    for (const held of this.#theirs.takeAll(node)) held.end();
    for (const { module, reject } of this.#ours.takeAll(node)) {
      reject(new SpawnError('noconnection', node, module));
    }
  }
}
