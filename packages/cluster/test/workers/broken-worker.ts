/** A worker that does what its `workerData` says, instead of becoming a node. */
import { workerData } from 'node:worker_threads';

const { how } = workerData as { readonly how: 'throw' | 'exit' | 'nothing' };
if (how === 'throw') throw new Error('broken at its start');
if (how === 'exit') process.exit(7);
// An interval keeps it alive.
setInterval(() => {}, 1000);
