/** From the text of a pid to the pid of a live process of this node. */
import type { Pid } from '@linnet/otp';
import { localPid } from '@linnet/otp/distribution';

/** `#PID<0.42.0>`, `0.42.0` or `42`. One with the name of another node is none of this node. */
const form = /^(?:(?:#PID<)?0\.(\d{1,15})\.\d+>?|(\d{1,15}))$/;

/** Undefined when no such process is alive. */
export function pidOf(text: string): Pid | undefined {
  const [, full, short] = form.exec(text) ?? [];
  const id = full ?? short;
  return id === undefined ? undefined : localPid(Number(id));
}
