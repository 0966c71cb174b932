/** The process that stands for one worker thread: it starts it, and ends when the thread does. */
import { GenServer, noreply, type Pid, self, send, stop, trapExit } from '@linnet/otp';
import { MessageChannel, Worker, type WorkerOptions } from 'node:worker_threads';
import type { PortCarrier } from '../carrier/message-ports.ts';
import { requireMember } from '../node/current.ts';
import { Node } from '../node/node.ts';
import type { WorkerSettings } from './protocol.ts';
import type { WorkerGroup } from './worker-group.ts';

/** What such a process is started with. */
export interface WorkerStart {
  readonly module: URL;
  readonly node: string;
  readonly group: WorkerGroup;
  readonly options: WorkerOptions;
  /** Milliseconds in which the worker must have become a node. */
  readonly startTimeout: number;
}

/** The thread has ended; its error, or the code of its exit. */
interface WorkerEnded {
  readonly type: 'worker_ended';
  readonly reason: unknown;
}

export const WorkerServer = GenServer.define({
  name: 'ClusterWorker',
  init: async (start: WorkerStart) => {
    trapExit();
    const ports = await requireMember('Workers').ports();
    const worker = startThread(start, ports, self());
    const { connected, ended } = await Promise.race([
      requireMember('Workers')
        .connect(start.node, start.startTimeout)
        .then((up) => ({ connected: up, ended: undefined })),
      endOf(worker).then((reason) => ({ connected: false, ended: reason })),
    ]);
    if (!connected) {
      await worker.terminate();
      return stop(ended ?? ['not_connected', start.node], undefined);
    }
    Node.monitorNodes(true);
    return { worker, group: start.group, node: start.node };
  },
  handleInfo: (state, message) => {
    const { type, node, reason } = message as {
      readonly type?: string;
      readonly node?: string;
      readonly reason?: unknown;
    };
    if (type === 'worker_ended') return stop(reason, state);
    // It is alive, but does not answer: a loop without an end.
    const hangs = type === 'nodedown' && node === state.node && reason === 'tick_timeout';
    return hangs ? stop(['nodedown', reason], state) : noreply(state);
  },
  terminate: async (_reason, state) => {
    state.group.delete(state.worker);
    await state.worker.terminate();
  },
});

function startThread(start: WorkerStart, ports: PortCarrier, owner: Pid): Worker {
  const { module, node, group, options } = start;
  const { cookie, associations } = requireMember('Workers').settings;
  const { port1, port2 } = new MessageChannel();
  const settings: WorkerSettings = {
    linnetCluster: { name: node, cookie, associations, port: port2 },
  };
  const worker = new Worker(module, {
    ...options,
    workerData: { ...(options.workerData as object | undefined), ...settings },
    transferList: [port2, ...(options.transferList ?? [])],
  });
  ports.add(port1);
  group.add(worker);
  void endOf(worker).then((reason) => {
    group.delete(worker);
    send(owner, { type: 'worker_ended', reason } satisfies WorkerEnded);
  });
  return worker;
}

function endOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve) => {
    worker.once('error', resolve);
    worker.once('exit', (code) => resolve(['worker_exit', code]));
  });
}
