/** A node in a worker thread that runs tasks for others. */
import { receive, spawn, Task } from '@linnet/otp';
import { Workers } from '../../src/index.ts';
import { modules } from './task-modules.ts';

await Workers.join({ modules });
spawn(async () => {
  await Task.Supervisor.startLink({ name: 'tasks', maxChildren: 2 });
  await receive();
});
