/** The member that this runtime is, found by the name of its process. */
import { type Pid, whereis } from '@linnet/otp';
import { ClusterError } from '../errors/cluster-error.ts';
import type { Member } from './member.ts';

/** The registered name of the process of the node. */
export const clusterName = 'Linnet.Cluster';

const members = new WeakMap<Pid, Member>();

export function rememberMember(pid: Pid, member: Member): void {
  members.set(pid, member);
}

export function forgetMember(pid: Pid): void {
  members.delete(pid);
}

export const memberOf = (pid: Pid): Member | undefined => members.get(pid);

/** The running member, if there is one. */
export function currentMember(): Member | undefined {
  const pid = whereis(clusterName);
  return pid === undefined ? undefined : members.get(pid);
}

/**
 * The running member.
 * @throws {ClusterError} when there is none.
 */
export function requireMember(operation: string): Member {
  const member = currentMember();
  if (member !== undefined) return member;
  throw new ClusterError(
    'not_started',
    `${operation} needs a running node: start Cluster before it`,
  );
}
