/** The process of a rate limit: while it lives, its bucket is found in the registry. */
import { GenServer, Registry } from '@linnet/otp';
import { registryName } from './names.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What it is started with. */
export interface RateLimiterInput {
  readonly tree: string;
  readonly key: string;
  readonly bucket: TokenBucket;
}

export const RateLimiter = GenServer.define({
  name: 'rate_limit',
  init: ({ tree, key, bucket }: RateLimiterInput) => {
    // By reference, as a table: taking a token needs no message.
    Registry.register(registryName(tree), key, bucket);
    return bucket;
  },
  terminate: (_reason, bucket) => bucket.close(),
});
