/**
 * From a name to the addresses to try, in the order of Happy Eyeballs (RFC
 * 8305, 4). TCP leaves this to node:net, which does no UDP.
 */
import { ADDRCONFIG, lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { getDefaultAutoSelectFamily, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { QuicDialOptions } from './quic-target.ts';

/** How a name is looked up. */
export type LookupOptions = Pick<
  QuicDialOptions,
  'lookup' | 'family' | 'autoSelectFamily' | 'localAddress'
>;

/** The addresses of a host; an address is its own. Rejects with what the lookup gave. */
export async function addressesOf(host: string, options: LookupOptions): Promise<string[]> {
  if (isIP(host.split('%')[0] ?? '') !== 0) return [host];
  const { localAddress, autoSelectFamily = getDefaultAutoSelectFamily() } = options;
  const ownFamily = localAddress === undefined ? 0 : isIP(localAddress);
  const family = options.family ?? ownFamily;
  const found = await lookUp(options.lookup ?? systemLookup, host, family);
  const addresses = interleave(found).map(({ address }) => address);
  return autoSelectFamily ? addresses : addresses.slice(0, 1);
}

function lookUp(
  lookup: LookupFunction,
  host: string,
  family: number,
): Promise<readonly LookupAddress[]> {
  // As node:net: addresses of a family that this machine has none of are of no use.
  const hints = family === 0 && process.platform !== 'win32' ? ADDRCONFIG : 0;
  return new Promise((resolve, reject) => {
    lookup(host, { family, hints, all: true }, (error, found, foundFamily) => {
      if (error !== null) {
        reject(error);
        return;
      }
      // A function of the user's may give one address, whatever it is asked for.
      const all =
        typeof found === 'string'
          ? [{ address: found, family: foundFamily ?? isIP(found) }]
          : found;
      if (all.length > 0) resolve(all);
      else reject(Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' }));
    });
  });
}

/** Both families in turn, beginning with that of the first address. */
function interleave(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  return Array.from({ length: Math.max(first.length, others.length) }, (_, index) => [
    ...first.slice(index, index + 1),
    ...others.slice(index, index + 1),
  ]).flat();
}
