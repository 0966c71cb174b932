/** Monitors. */
import { newAlias, type Alias } from '../messages/alias.ts';
import { brand, brandKey, type Brand } from '../values/brand.ts';
import { requireProcess } from '../context.ts';
import { BadArgumentError } from '../errors.ts';
import type { ExitReason } from '../exit-reason.ts';
import { isProcess } from '../local-process.ts';
import { isName, type Name } from '../names/name.ts';
import { thisNode, type RemoteName } from '../node.ts';
import { Pid } from '../pid.ts';
import type { Process } from '../process.ts';
import { resolveRef, type ServerRef } from '../names/server-ref.ts';
import { attachMonitor, Watch, watchRemote } from './watch.ts';

/** The message of a monitor. `pid` is `{ name, node }` when a name was monitored. */
export interface DownMessage {
  readonly type: 'DOWN';
  readonly ref: MonitorRef;
  readonly pid: Pid | RemoteName;
  readonly reason: ExitReason;
}

const monitorBrand = brand('monitor');

/** Identifies one monitor; compare by identity. */
export class MonitorRef extends Watch {
  readonly #owner: Pick<Process, 'deliver'>;
  readonly #object: Pid | RemoteName;

  constructor(owner: Pick<Process, 'deliver'>, object: Pid | RemoteName) {
    super();
    this.#owner = owner;
    this.#object = object;
  }

  /** @internal */
  get [brandKey](): Brand {
    return monitorBrand;
  }

  /** @internal Whether a value is a monitor of this process. */
  static belongsTo(ref: unknown, process: Process): boolean {
    return typeof ref === 'object' && ref !== null && #owner in ref && ref.#owner === process;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.fire(reason);
  }

  /** @internal Sends the owner its DOWN message. */
  fire(reason: ExitReason): void {
    this.#owner.deliver({
      type: 'DOWN',
      ref: this,
      pid: this.#object,
      reason,
    } satisfies DownMessage);
  }

  /** Whether a message is the `DOWN` of this monitor: a match for {@link receive}. */
  isDownMessage(message: unknown): message is DownMessage {
    if (typeof message !== 'object' || message === null) return false;
    try {
      const { type, ref } = message as Partial<DownMessage>;
      return type === 'DOWN' && ref === this;
    } catch {
      return false; // a revoked proxy or a getter that throws
    }
  }
}

/**
 * Until when the alias of a monitor is active: until `unalias` (`'explicit_unalias'`); or as well until the
 * monitor is over, by its `DOWN` or `demonitor` (`'demonitor'`); or as well until one message has come through
 * it, which ends the monitor, too (`'reply_demonitor'`).
 */
export type MonitorAlias = 'explicit_unalias' | 'demonitor' | 'reply_demonitor';

/** A monitor with an alias of the process that has made it. */
export class AliasMonitorRef extends MonitorRef {
  /** Hand it out in a request to the process that is monitored. */
  readonly alias: Alias;
  readonly #mode: MonitorAlias;

  /** @internal */
  constructor(owner: Process, object: Pid | RemoteName, mode: MonitorAlias) {
    super(owner, object);
    this.#mode = mode;
    const spent = mode === 'reply_demonitor' ? () => void this.unwatch() : undefined;
    this.alias = newAlias(owner, spent);
  }

  /** Ends the monitor, and its alias unless that is active until `unalias`. */
  override unwatch(): boolean {
    this.#over();
    return super.unwatch();
  }

  /** @internal */
  override fire(reason: ExitReason): void {
    this.#over();
    super.fire(reason);
  }

  #over(): void {
    if (this.#mode !== 'explicit_unalias') this.alias.release();
  }
}

/** Options of {@link monitor}. */
export interface MonitorOptions {
  /** Gives the monitor an alias, and says how long it is active. By default it has none. */
  readonly alias?: MonitorAlias;
}

const aliasModes: readonly unknown[] = ['explicit_unalias', 'demonitor', 'reply_demonitor'];

function newMonitor(
  owner: Process,
  object: Pid | RemoteName,
  mode: MonitorAlias | undefined,
): MonitorRef {
  if (mode === undefined) return new MonitorRef(owner, object);
  if (!aliasModes.includes(mode)) {
    throw new BadArgumentError('alias', mode, `one of ${aliasModes.join(', ')}`);
  }
  return new AliasMonitorRef(owner, object, mode);
}

/** Monitors a process for another one. */
export function monitorFor(owner: Process, ref: ServerRef, mode?: MonitorAlias): MonitorRef {
  const target = resolveRef(ref);
  const monitor = newMonitor(owner, objectOf(ref, target), mode);
  if (isProcess(target)) {
    // A process never hears of its own death.
    if (target !== owner) attachMonitor(monitor, target, owner);
  } else if (target === undefined) monitor.fire('noproc');
  else watchRemote(monitor, target, owner, true);
  return monitor;
}

function objectOf(
  ref: ServerRef,
  target: Process | Pid | RemoteName | undefined,
): Pid | RemoteName {
  if (isName(ref)) return { name: ref, node: thisNode().name };
  if (Pid.isPid(ref)) return ref;
  if (isProcess(target)) return target.pid;
  if (target !== undefined) return target;
  return 'pid' in ref && Pid.isPid(ref.pid)
    ? ref.pid
    : { name: nameOf(ref), node: thisNode().name };
}

function nameOf(ref: object): Name {
  return 'name' in ref && isName(ref.name) ? ref.name : 'undefined';
}

/**
 * Monitors a process: when it dies, the current process gets
 * `{ type: 'DOWN', ref, pid, reason }`.
 *
 * One-way and stacking: every call gives its own message. A dead process or an unknown name
 * gives the message at once with reason `'noproc'`; the loss of the connection to its node gives it with
 * `'noconnection'`.
 *
 * With `alias`, the monitor has an {@link Alias} as well, for a request that is answered through it: with
 * `'reply_demonitor'`, the answer ends both, and so does the `DOWN` or `demonitor`.
 *
 * Source: `erlang:monitor(process, Item)`, `erlang:monitor/3` with `alias`.
 * @throws {NoProcessError} outside any process.
 * @throws {BadArgumentError} for what is no process, and for an `alias` that there is not.
 * @example
 * const ref = monitor(worker);
 * const down = await receive((m): m is DownMessage => ref.isDownMessage(m));
 * @example
 * const { alias: answerTo } = monitor(worker, { alias: 'reply_demonitor' });
 * send(worker, { type: 'ask', answerTo });
 * const answerOrDown = await receive();
 */
export function monitor(
  ref: ServerRef,
  options: MonitorOptions & { readonly alias: MonitorAlias },
): AliasMonitorRef;
export function monitor(ref: ServerRef, options?: MonitorOptions): MonitorRef;
export function monitor(ref: ServerRef, options?: MonitorOptions): MonitorRef {
  return monitorFor(requireProcess('monitor()'), ref, options?.alias);
}

/**
 * Removes a monitor. A `DOWN` message that has arrived already stays in the mailbox unless
 * `flush` is given. Returns whether the monitor was still active.
 *
 * Source: `erlang:demonitor/2` with `flush` and `info`.
 * @throws {BadArgumentError} for the monitor of another process.
 * @example
 * const ref = monitor(worker);
 * demonitor(ref, { flush: true }); // no DOWN message of this monitor from here on
 */
export function demonitor(ref: MonitorRef, options?: { readonly flush?: boolean }): boolean {
  const process = requireProcess('demonitor()');
  if (!MonitorRef.belongsTo(ref, process)) {
    throw new BadArgumentError('ref', ref, 'a monitor of the current process');
  }
  const active = ref.unwatch();
  if (!active && options?.flush === true) {
    process.takeMatching((message) => ref.isDownMessage(message));
  }
  return active;
}
