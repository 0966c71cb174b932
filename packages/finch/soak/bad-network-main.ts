/**
 * Requests over HTTP/3 through a bad network, see `bad-network.ts`.
 *
 * node --conditions=@linnet/source soak/bad-network-main.ts [--requests 20000] [--seed 1]
 *
 * Prints figures, and ends with 1 when a request was lost or did not end in time.
 */
import { parseArgs } from 'node:util';
import { badNetwork } from './bad-network.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const result = await badNetwork({ requests: Number(values.requests), seed: Number(values.seed) });
console.log(result);
process.exitCode = Object.keys(result.lost).length === 0 ? 0 : 1;
