/**
 * Faults against real programs and real NATS servers, with the times that they take, as a table. What must
 * hold in each is checked; the exit code is 1 if one of them does not.
 *
 *     npm run faults -w @linnet/cluster
 *     npm run faults -w @linnet/cluster -- kill
 */
import { setLogger } from '@linnet/otp';
import { hasNatsServer } from '../test/support/nats-server.ts';
import type { Fault } from './fault.ts';
import { messageFaults } from './message-faults.ts';
import { nameFaults } from './name-faults.ts';
import { nodeFaults } from './node-faults.ts';
import { partitionFaults } from './partition-faults.ts';
import { serverFaults } from './server-faults.ts';
import { startFaults } from './start-faults.ts';
import { workerFaults } from './worker-faults.ts';

if (!hasNatsServer) process.exit(0);
// The ends of processes are what is looked for here.
setLogger({ error() {}, warn() {}, debug() {} });
const faults: readonly Fault[] = [
  ...nodeFaults,
  ...serverFaults,
  ...messageFaults,
  ...nameFaults,
  ...partitionFaults,
  ...workerFaults,
  ...startFaults,
];
const wanted = process.argv.slice(2).join(' ');
const rows: string[] = [];
let broken = 0;
for (const fault of faults) {
  if (!fault.name.includes(wanted)) continue;
  const outcome = await fault.run();
  const isTried = typeof outcome !== 'string';
  const verdict = isTried ? (outcome.holds ? 'holds' : 'BROKEN') : 'not tried';
  if (verdict === 'BROKEN') broken++;
  const seen = isTried ? outcome.seen : outcome;
  console.log(`${verdict.padEnd(9)}  ${fault.name}\n           ${seen}`);
  rows.push(`| ${fault.name} | ${fault.bar} | ${seen} | ${verdict} |`);
}
console.log(`\n| fault | must hold | seen | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`);
console.log(`${broken} of ${rows.length} did not hold`);
process.exit(broken === 0 ? 0 : 1);
