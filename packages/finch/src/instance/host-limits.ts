/** The process that owns an instance's slot ledger. */
import { GenServer, reply } from '@linnet/otp';
import type { ResolvedInstanceOptions } from '../options/index.ts';
import { HostLimits } from '../pool/host-limits.ts';

/** The name of an instance's slot ledger. */
export const hostLimitsName = (name: string): string => `${name}.HostLimits`;

export const HostLimitsServer = GenServer.define({
  name: 'finch_host_limits',
  init: ({ maxConnections }: ResolvedInstanceOptions) =>
    new HostLimits(maxConnections === 'infinity' ? Number.POSITIVE_INFINITY : maxConnections),
  handleCall: {
    /** By reference, as a table: taking and giving a slot need no message. */
    ledger: (ledger) => reply(ledger, ledger),
  },
});

/** The ledger of a running instance. */
export function ledgerOf(name: string): Promise<HostLimits> {
  return GenServer.call<HostLimits>(hostLimitsName(name), 'ledger');
}
