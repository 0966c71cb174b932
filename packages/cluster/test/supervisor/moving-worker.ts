/** A node in a worker thread, with the supervisors whose children move. */
import { noreply, GenServer } from '@linnet/otp';
import { Workers } from '../../src/index.ts';
import { activeTallies, passiveTallies } from './moving-jobs.ts';

const cluster = await Workers.join();
const Control = GenServer.define({
  name: 'Control',
  init: () => 0,
  handleCast: {
    die: (n) => {
      process.exit(3);
      return noreply(n);
    },
    /** Leaves the cluster in order. */
    leave: (n) => {
      void cluster.stop();
      return noreply(n);
    },
  },
});
await activeTallies().start();
await passiveTallies().start();
await Control.start(undefined, { name: 'control' });
