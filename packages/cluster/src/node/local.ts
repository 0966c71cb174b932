/** Processes of this node, as signals of other nodes name them. */
import { type Pid, whereis } from '@linnet/otp';
import { localPid, thisNode } from '@linnet/otp/distribution';
import type { PidTable } from '../codec/pid-table.ts';

/** The live process with a number or a name. */
export function liveProcess(process: unknown): Pid | undefined {
  if (typeof process === 'number') return localPid(process);
  return typeof process === 'string' && process !== '' ? whereis(process) : undefined;
}

/** The pid with a number, dead or alive. */
export function ownPid(pids: PidTable, id: number): Pid {
  const { name, creation } = thisNode();
  return pids.get(name, creation, id);
}
