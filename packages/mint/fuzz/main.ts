/**
 * Differential fuzz: the same bytes into our codecs and into independent ones.
 *
 *     npm run fuzz -w @linnet/mint -- --seconds 600 [--seed 1] [--only qpack,http3]
 *
 * Ends with 1 when there is a difference that is not listed with its reason.
 */
import { parseArgs } from 'node:util';
import { http1 } from './http1/target.ts';
import { http2 } from './http2/target.ts';
import { qpack } from './http3/qpack-target.ts';
import { http3 } from './http3/target.ts';
import { run } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
  },
});
const only = values.only?.split(',');
const targets = [http1, http2, qpack, http3].filter(({ name }) => only?.includes(name) ?? true);
if (targets.length === 0) throw new Error(`nothing to fuzz is called ${values.only}`);

const seed = Number(values.seed);
const seconds = Number(values.seconds) / targets.length;
console.log(`seed ${seed}, ${seconds} s each`);
for (const target of targets) {
  const report = await run(target, { seed, seconds });
  console.log(report.toString());
  if (report.failures.length > 0) process.exitCode = 1;
}
