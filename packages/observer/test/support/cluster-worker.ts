/** A node in a worker thread, with an observer and something to look at. */
import { Pg, Workers } from '@linnet/cluster';
import { Supervisor } from '@linnet/otp';
import { Observer } from '../../src/index.ts';
import { worker } from './workers.ts';

await Workers.join();
await Pg.startLink();
await Supervisor.startLink(
  [Observer.childSpec({ port: false, authorize: () => false }), worker('far-away')],
  { strategy: 'one_for_one', name: 'Far' },
);
