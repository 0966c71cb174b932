/** From the text of a pid to the pid of a live process of this node. */
import type { Pid } from '@linnet/otp';
import { localPid } from '@linnet/otp/distribution';

/** `#PID<0.42.0>`, `0.42.0`, `42`, or with the name of the node and the number of its run. */
const form = /^(?:#PID<)?(?:(?<node>[^<>]+?)\.)??(?<id>\d{1,15})(?:\.\d+)?>?$/;

/** Undefined when no such process is alive, or it is one of another node. */
export function pidOf(text: string): Pid | undefined {
  const { node = '0', id } = form.exec(text)?.groups ?? {};
  if (id === undefined) return undefined;
  const pid = localPid(Number(id));
  return node === '0' || String(pid) === text ? pid : undefined;
}
