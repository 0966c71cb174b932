/** What a viewer may change, if the observer lets it. */
import { ActionError } from '../errors.ts';
import type { Tracer } from '../collect/tracer.ts';
import type { LeveledLogger } from '../options.ts';
import { drainPool, closeConnection, prewarmPool, resizePool, shardPool } from './pool-actions.ts';
import { killProcess, restartChild, stopChild, stopProcess } from './process-actions.ts';
import { Input } from './input.ts';

export interface ActionHost {
  readonly tracer: Tracer;
  readonly logger: LeveledLogger | undefined;
  /** Something has been changed: what was collected before is out of date. */
  changed(): void;
}

type Action = (input: Input, host: ActionHost) => Promise<string> | string;

const all: Readonly<Record<string, Action>> = {
  kill: (input) => killProcess(input.pid('pid')),
  stop: (input) => stopProcess(input.pid('pid')),
  'stop-child': (input) => stopChild(input.pid('supervisor'), input.child()),
  'restart-child': (input) => restartChild(input.pid('supervisor'), input.child()),
  'drain-pool': (input) => drainPool(input.text('instance'), input.text('pool')),
  'resize-pool': (input) =>
    resizePool(input.text('instance'), input.text('pool'), input.count('size', 1, 1_000_000)),
  'shard-pool': (input) =>
    shardPool(input.text('instance'), input.text('pool'), input.count('count', 1, 1024)),
  'prewarm-pool': (input) =>
    prewarmPool(input.text('instance'), input.text('pool'), input.count('count', 1, 10_000)),
  'close-connection': (input) => closeConnection(input.text('instance'), input.pid('pid')),
  trace: async (input, host) => {
    await host.tracer.start(input.pid('pid'));
    return 'traced';
  },
  'end-trace': async (input, host) => {
    await host.tracer.stop(input.pid('pid'));
    return 'not traced any more';
  },
  'log-level': (input, { logger }) => {
    if (logger === undefined) throw new ActionError('the observer was given no logger');
    logger.level = input.text('level');
    return logger.level;
  },
};

export class Actions {
  readonly #host: ActionHost;

  constructor(host: ActionHost) {
    this.#host = host;
  }

  /** @throws ActionError for an action, or what it is done to, that does not exist. */
  async run(name: string, input: unknown): Promise<string> {
    const action = Object.hasOwn(all, name) ? all[name] : undefined;
    if (action === undefined) throw new ActionError('there is no such action');
    try {
      return await action(new Input(input), this.#host);
    } finally {
      this.#host.changed();
    }
  }
}
