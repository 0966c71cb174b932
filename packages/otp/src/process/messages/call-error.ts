/** Calls that fail: what the caller is told. */
import { ExitError, formatReason, isError, type ExitReason } from '../exit-reason.ts';
import { isName } from '../names/name.ts';
import { Pid, processOf } from '../pid.ts';
import type { Process } from '../process.ts';
import { isRemoteName, isVia, whereis, type ServerRef } from '../names/server-ref.ts';

/** Which function was called, for the exit reason of a call that fails. */
export interface CallSite {
  readonly module: string;
  readonly function: string;
}

const codes: Record<string, string> = {
  timeout: 'ERR_CALL_TIMEOUT',
  noproc: 'ERR_NOPROC',
  calling_self: 'ERR_CALLING_SELF',
};

/**
 * A call that failed: no such process, no answer in time, or the server ended before answering.
 *
 * `reason` is OTP's term `[why, [module, function, args]]`: left uncaught in a process, it is the
 * reason with which that process ends. `why` is its first part.
 */
export class CallError extends ExitError {
  override readonly code: string;
  /**
   * `'noproc'`, `'timeout'`, `'calling_self'`, `['nodedown', node]` when there is no connection to the
   * node of the server or it is lost, or the exit reason of the server.
   */
  readonly why: ExitReason;

  /** `args` are the server, the request and the timeout, as far as there are such. */
  constructor(why: ExitReason, site: CallSite, args: readonly unknown[]) {
    super(
      [why, [site.module, site.function, args]],
      messageOf(why, site, args),
      isError(why) ? { cause: why } : undefined,
    );
    this.why = why;
    this.code = codeOf(why);
  }
}

function codeOf(why: ExitReason): string {
  if (typeof why === 'string') return codes[why] ?? 'ERR_CALL_EXIT';
  return hasTag(why, 'nodedown') ? 'ERR_NOCONNECTION' : 'ERR_CALL_EXIT';
}

/** Whether a reason is an array that starts with a tag; never throws, whatever it is. */
function hasTag(reason: ExitReason, tag: string): boolean {
  try {
    return Array.isArray(reason) && reason[0] === tag;
  } catch {
    return false; // a revoked proxy
  }
}

function messageOf(why: ExitReason, site: CallSite, args: readonly unknown[]): string {
  const [server, request, timeout] = args;
  const clause = site.function === 'call' ? clauseOf(request) : undefined;
  const shown = clause === undefined ? '' : `, ${JSON.stringify(clause)}`;
  const call = `${site.module}.${site.function}(${describeServer(server)}${shown})`;
  if (why === 'timeout' && typeof timeout === 'number') {
    return `${call} timed out after ${timeout} ms: ${progressOf(server)}`;
  }
  if (why === 'noproc' && isServiceName(server)) {
    return `${call} failed: it is not running (noproc). Put ${site.module}.childSpec() into a supervisor, before what uses it`;
  }
  const rule = hasTag(why, 'bad_return_value') && site.module === 'GenServer' ? `. ${results}` : '';
  return `${call} failed: ${formatReason(why)}${rule}`;
}

/** Whether a server is one of a module of ours, as those of `Global` and `Pg` are. */
function isServiceName(server: unknown): boolean {
  return typeof server === 'string' && server.startsWith('Linnet.');
}

/** What the callbacks of a server give. */
export const results =
  'A clause gives reply(value, state), noreply(state) or stop(reason, state), or a promise of it';

/** The name of a clause, or the type of an event; arguments may be secret or large. */
function clauseOf(request: unknown): string | undefined {
  const name: unknown = Array.isArray(request) ? request[0] : request;
  if (typeof name === 'string') return name;
  const type = typeof name === 'object' && name !== null && 'type' in name ? name.type : undefined;
  return typeof type === 'string' ? type : undefined;
}

/** Why there may be no answer yet, and what to change. */
function progressOf(server: unknown): string {
  const process = localProcess(server);
  if (process === undefined) return 'the server has not answered. Raise the timeout of the call';
  const { label, pid, registeredName, messages, busy } = process;
  const name = registeredName === undefined ? '' : ` (${String(registeredName)})`;
  const doing = busy ? 'is handling a message' : 'has not answered';
  const { size } = messages;
  const queue = size === 0 ? '' : `, and ${size} ${size === 1 ? 'message waits' : 'messages wait'}`;
  return (
    `${label} ${String(pid)}${name} ${doing}${queue}. Raise the timeout of the call, ` +
    'or let the server answer sooner: a clause that waits keeps all other messages waiting'
  );
}

function localProcess(server: unknown): Process | undefined {
  try {
    const pid = whereis(server as ServerRef);
    return pid === undefined ? undefined : processOf(pid);
  } catch {
    return undefined; // no reference at all
  }
}

function describeServer(server: unknown): string {
  if (isName(server)) return String(server);
  if (Pid.isPid(server)) return server.toString();
  if (isVia(server)) return `via ${formatReason(server.via[1])}`;
  if (typeof server === 'object' && server !== null && isRemoteName(server))
    return `${String(server.name)} on ${server.node}`;
  return 'server';
}
