/** Worker threads as nodes: the same processes on all cores. */
import {
  type AnySupervisorHandle,
  BadArgumentError,
  type ChildSpec,
  type ChildSpecOverrides,
  splitOverrides,
  Supervisor,
  type SupervisorFlags,
} from '@linnet/otp';
import { parentPort, workerData, type WorkerOptions } from 'node:worker_threads';
import { isNodeName } from '../association/identity.ts';
import { PortCarrier } from '../carrier/message-ports.ts';
import { Cluster, type ClusterHandle } from '../cluster.ts';
import { requireMember } from '../node/current.ts';
import type { Modules } from '../node/modules.ts';
import { isPortMessage, settingsIn } from './protocol.ts';
import { WorkerGroup } from './worker-group.ts';
import { WorkerServer } from './worker-server.ts';

/** Options of `Workers.childSpec`. */
export interface WorkersOptions extends Omit<SupervisorFlags, 'strategy'> {
  /** How many threads. */
  readonly count: number;
  /** What each of them runs; it calls `Workers.join()`. */
  readonly module: URL;
  /**
   * The prefix of their names: `app@host` has the workers `app/w1@host`, `app/w2@host`… Default `'w'`.
   * Letters, digits, `-`, `_` and `.`.
   */
  readonly prefix?: string;
  /** Options of the threads, such as `resourceLimits`. `workerData` must be an object. */
  readonly worker?: WorkerOptions;
  /** Milliseconds in which a thread must have joined. Default 10,000. */
  readonly startTimeout?: number;
}

/**
 * Threads that are nodes of the cluster of this one, as children of a supervisor. A thread that ends, or
 * that does not answer for `downAfterMs` because it is in an endless loop, is started anew. All are
 * connected with each other directly.
 *
 * Put it behind `Cluster` in the list of children.
 * @throws {BadArgumentError} naming the option.
 * @example
 * await Supervisor.startLink(
 *   [
 *     Cluster.childSpec({ name: 'app@127.0.0.1', cookie: 'secret' }),
 *     Workers.childSpec({ count: 2, module: new URL('./worker.js', import.meta.url) }),
 *   ],
 *   { strategy: 'rest_for_one' },
 * );
 */
function childSpec(given: WorkersOptions & ChildSpecOverrides): ChildSpec<AnySupervisorHandle> {
  const [overrides, options] = splitOverrides(given);
  const { count, module, prefix = 'w', worker = {}, startTimeout = 10_000, ...flags } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new BadArgumentError('count', count, 'a whole number >= 1');
  }
  if (!(module instanceof URL)) throw new BadArgumentError('module', module, 'a URL');
  if (!isNodeName(`app/${prefix}1@host`)) {
    throw new BadArgumentError('prefix', prefix, 'letters, digits, `-`, `_` and `.`');
  }
  if (!(startTimeout > 0)) {
    throw new BadArgumentError('startTimeout', startTimeout, 'a number of ms > 0');
  }
  const { workerData: data } = worker as { readonly workerData?: unknown };
  if (data !== undefined && (typeof data !== 'object' || data === null)) {
    throw new BadArgumentError('worker.workerData', data, 'an object: it gets a field more');
  }
  const start = (): Promise<AnySupervisorHandle> => {
    const [app = '', host = ''] = requireMember('Workers').self.name.split('@');
    const group = new WorkerGroup();
    const children = Array.from({ length: count }, (_, index) => {
      const node = `${app}/${prefix}${index + 1}@${host}`;
      const arg = { module, node, group, options: worker, startTimeout };
      return WorkerServer.childSpec(arg, { id: node, shutdown: 10_000 });
    });
    return Supervisor.startLink(children, { ...flags, strategy: 'one_for_one' });
  };
  return { id: 'Workers', start, type: 'supervisor', ...overrides };
}

/** Options of `Workers.join`. */
export interface JoinOptions {
  /** What other nodes may start in this thread, by name. Default none. */
  readonly modules?: Modules;
}

/**
 * Makes a worker thread of `Workers.childSpec` a node, which is connected with the main thread when
 * this resolves with its handle.
 * @throws {BadArgumentError} in a thread that `Workers` has not started.
 * @example
 * await Workers.join({ modules: { resize: (path: string) => console.log(path) } });
 */
async function join(options: JoinOptions = {}): Promise<ClusterHandle> {
  const settings = settingsIn(workerData);
  if (settings === undefined || parentPort === null) {
    throw new BadArgumentError(
      'Workers.join()',
      'this thread',
      'a worker that Workers has started',
    );
  }
  const { name, cookie, associations, port } = settings;
  const carrier = new PortCarrier();
  carrier.add(port);
  parentPort.on('message', (message: unknown) => {
    if (isPortMessage(message)) carrier.add(message.port);
  });
  return Cluster.start({ ...associations, ...options, name, cookie, carrier });
}

/** Worker threads as nodes. */
export const Workers: {
  readonly childSpec: typeof childSpec;
  readonly join: typeof join;
} = Object.freeze({ childSpec, join });
