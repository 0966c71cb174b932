/** A node in a worker thread, with processes for the tests. */
import { Workers } from '../../src/index.ts';
import { modules, startNamed } from './peer-processes.ts';

await Workers.join({ modules });
await startNamed();
