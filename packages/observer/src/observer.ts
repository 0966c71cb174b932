/** The observer, as a program starts it. */
import {
  CallError,
  GenServer,
  splitOverrides,
  whereis,
  type ChildSpec,
  type ChildSpecOverrides,
  type Pid,
} from '@linnet/otp';
import { parseOptions, type ObserverOptions } from './options.ts';
import { refuse } from './http/answers.ts';
import { ObserverServer } from './server/observer-server.ts';
import type { Handle } from './server/listener.ts';

/**
 * A live view of the program: its supervision tree, processes, pools, requests and crashes, in a browser
 * (`url`) and for `npx @linnet/observer`.
 *
 * It is a process of your tree. While no one looks it has no timer, and listens to nothing but crashes
 * and restarts. It shows no states, messages or headers unless `reveal` is set, changes nothing
 * unless `actions` is, and does not listen on an address that others reach without `authorize`.
 *
 * Source: Erlang's `observer`, Phoenix LiveDashboard.
 *
 * @example
 * await Supervisor.startLink([Observer.childSpec({ port: 4400 })], { strategy: 'one_for_one' });
 * console.log(await Observer.get().url()); // http://127.0.0.1:4400/
 */
export class Observer implements AsyncDisposable {
  /** The name of its process. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * The specification of an observer as a child of a supervisor; its id is its name.
   *
   * @throws ObserverOptionsError
   *
   * @example
   * const spec = Observer.childSpec({ port: 4400, actions: true });
   * await Supervisor.startLink([spec], { strategy: 'one_for_one' });
   */
  static childSpec(options: ObserverOptions & ChildSpecOverrides = {}): ChildSpec<Observer> {
    const [overrides, own] = splitOverrides(options);
    const { name } = parseOptions(own);
    return { id: name, start: () => Observer.startLink(own), ...overrides };
  }

  /**
   * Starts an observer, linked to the current process.
   *
   * @throws ObserverOptionsError
   * @throws StartError when its name is taken, or its server cannot listen (`reason` is an
   *   ObserverListenError).
   *
   * @example
   * const observer = await Observer.startLink({ port: 0 });
   * console.log(await observer.url());
   */
  static async startLink(options: ObserverOptions = {}): Promise<Observer> {
    const resolved = parseOptions(options);
    await ObserverServer.startLink(resolved, { name: resolved.name });
    return new Observer(resolved.name);
  }

  /**
   * The observer of a name, `'Observer'` by default. The handle may be kept, also over restarts.
   *
   * @example
   * const { handler } = Observer.get();
   */
  static get(name: string = 'Observer'): Observer {
    return new Observer(name);
  }

  /**
   * Its process.
   *
   * @throws CallError when it does not run.
   *
   * @example
   * monitor(Observer.get().pid);
   */
  get pid(): Pid {
    const pid = whereis(this.name);
    if (pid === undefined) throw new CallError('noproc', site, [this.name]);
    return pid;
  }

  /**
   * Answers the requests of viewers: mount it in a server of yours, below `basePath`. It needs
   * `authorize`, which it asks for each request. While the observer does not run it answers 503.
   *
   * @example
   * await Observer.startLink({
   *   port: false,
   *   basePath: '/observer',
   *   authorize: (request) => request.headers.get('authorization') === 'Bearer let-me-in',
   * });
   * const { handler } = Observer.get();
   * const response = await handler(new Request('http://localhost/observer/'));
   */
  readonly handler: (request: Request) => Promise<Response> = async (request) => {
    let handle: Handle;
    try {
      handle = await GenServer.call<Handle>(this.name, 'handle');
    } catch {
      return refuse(503, 'the observer does not run');
    }
    return handle(request);
  };

  /**
   * The address of its server; undefined without one.
   *
   * @throws CallError when it does not run.
   *
   * @example
   * console.log(await Observer.get().url()); // http://127.0.0.1:4400/
   */
  async url(): Promise<string | undefined> {
    return GenServer.call<string | undefined>(this.name, 'url');
  }

  /**
   * Stops it.
   *
   * @example
   * await Observer.get().stop();
   */
  async stop(): Promise<void> {
    await GenServer.stop(this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.name) !== undefined) await this.stop();
  }
}

const site = { module: 'Observer', function: 'pid' };
