/** Processes of this node, as signals of other nodes name them. */
import { type Pid, whereis } from '@linnet/otp';
import { localPid } from '@linnet/otp/distribution';

/** The live process with a number or a name. */
export function liveProcess(process: unknown): Pid | undefined {
  if (typeof process === 'number') return localPid(process);
  return typeof process === 'string' && process !== '' ? whereis(process) : undefined;
}
