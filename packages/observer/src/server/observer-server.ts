/** The process of an observer: it owns what is collected, and the server if there is one. */
import {
  detached,
  type ExitMessage,
  formatReason,
  GenServer,
  noreply,
  ok,
  reply,
  signal,
  stop,
  trapExit,
} from '@linnet/otp';
import { Actions } from '../actions/actions.ts';
import { askDocument, startNodeAgent } from '../collect/cluster/node-agent.ts';
import { Collector } from '../collect/collector.ts';
import { refuse } from '../http/answers.ts';
import { Assets } from '../http/assets.ts';
import { Guard } from '../http/guard.ts';
import { Handler } from '../http/handler.ts';
import { Streams } from '../http/stream.ts';
import type { ResolvedOptions } from '../options.ts';
import { listen, type Handle } from './listener.ts';

interface State {
  /** What is mounted in servers of others. */
  readonly mounted: Handle;
  /** Of its own server, if it has one. */
  readonly url: string | undefined;
}

export const ObserverServer = GenServer.define({
  name: 'observer',

  init: async (options: ResolvedOptions) => {
    trapExit(); // so that `terminate` is called
    const ended = signal();
    const collector = new Collector(options);
    // However it ends, also when it is killed.
    ended.addEventListener('abort', () => collector.stop(), { once: true });
    await startNodeAgent({
      figures: () => collector.system(),
      document: (page, query) => {
        collector.enter(page)();
        return collector.collect(page, query);
      },
    });
    const handler = handlerOf(options, collector, ended);
    const handle: Handle = (request) =>
      handler.handle(request).catch((error: unknown) => {
        // A function of the program, such as `redact`, or a body that was cut off.
        return refuse(500, `the observer failed: ${formatReason(error).slice(0, 300)}`);
      });
    // A server of others may be reached from anywhere, under any name.
    const mounted = options.authorize === undefined ? refuseMounted : handle;
    if (options.port === false) return ok<State>({ mounted, url: undefined });
    const { host, port } = options;
    // Requests are handled as plain code: they are not this process, and may end it.
    const listening = await detached(() => listen(host, port, handle));
    ended.addEventListener('abort', () => listening.close(), { once: true });
    const authority = `${host.includes(':') ? `[${host}]` : host}:${listening.port}`;
    return ok<State>({ mounted, url: `http://${authority}${options.basePath}/` });
  },

  handleCall: {
    handle: (state) => reply(state.mounted, state),
    url: (state) => reply(state.url, state),
  },

  /** Told to end, or a part of it has ended: its supervisor starts it anew as a whole. */
  handleInfo: (state, message) => {
    const { type, reason } = message as Partial<ExitMessage>;
    return type === 'EXIT' ? stop(reason, state) : noreply(state);
  },

  formatStatus: ({ state }) => ({ state: { url: state.url } }),
});

const refuseMounted: Handle = () =>
  Promise.resolve(refuse(403, 'mounted in another server, the observer needs "authorize"'));

function handlerOf(options: ResolvedOptions, collector: Collector, ended: AbortSignal): Handler {
  const { tree, tracer } = collector;
  return new Handler({
    options,
    guard: new Guard(options),
    assets: new Assets(),
    streams: new Streams({ maxStreams: options.maxStreams, signal: ended }),
    actions: new Actions({
      tracer,
      logger: options.logger,
      changed: () => tree.expire(),
    }),
    collect: (page, query) => collector.collect(page, query),
    collectOf: askDocument,
    enter: (page) => collector.enter(page),
  });
}
