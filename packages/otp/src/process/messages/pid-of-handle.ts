/** Which process a handle stands for. */
import { Pid } from '../pid.ts';
import { whereis, type ServerRef } from '../names/server-ref.ts';
import { CallError, type CallSite } from './call-error.ts';

/**
 * The process itself, dead or alive, of a handle that was made for a pid; of one that was made for a
 * name, the process that has the name now.
 * @throws {CallError} with `why` `'noproc'` when no process has the name.
 */
export function pidOfHandle(ref: ServerRef, site: CallSite): Pid {
  if (Pid.isPid(ref)) return ref;
  const pid = whereis(ref);
  if (pid !== undefined) return pid;
  throw new CallError('noproc', site, [ref]);
}
