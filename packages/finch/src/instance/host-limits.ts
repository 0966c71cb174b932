/** The process that owns an instance's host limits. */
import { GenServer, reply } from '@linnet/otp';
import { toNumber } from '../options/limit.ts';
import type { ResolvedInstanceOptions } from '../options/index.ts';
import { HostLimits } from '../pool/host-limits.ts';

/** The name of that process. */
export const hostLimitsName = (name: string): string => `${name}.HostLimits`;

export const HostLimitsServer = GenServer.define({
  name: 'finch_host_limits',
  init: ({ maxConnections, hostLimiter }: ResolvedInstanceOptions) =>
    new HostLimits(toNumber(maxConnections), hostLimiter),
  handleCall: {
    /** By reference, as a table: taking and giving a slot need no message. */
    hostLimits: (hostLimits) => reply(hostLimits, hostLimits),
  },
});

/** The host limits of an instance that starts. */
export function hostLimitsOf(name: string): Promise<HostLimits> {
  return GenServer.call<HostLimits>(hostLimitsName(name), 'hostLimits');
}
