/** The client: an instance is a supervision tree, and this is its handle. */
import { Supervisor, whereis, type ChildSpec, type ChildSpecOverrides } from '@linnet/otp';
import { TlsApi } from './client/tls-api.ts';
import { startInstance } from './instance/start-instance.ts';
import { parseInstanceOptions, splitOverrides, type InstanceOptions } from './options/index.ts';
import { buildRequest } from './request/index.ts';

/**
 * An HTTP client whose pools and connections are supervised processes.
 *
 * An instance is found by its name; this handle stays good when the instance is
 * restarted.
 *
 * Mirrors `Finch`, and of hackney the functions of `hackney_pool`.
 *
 * @example
 * const finch = await Finch.startLink({ name: 'MyFinch' });
 * const response = await finch.get('https://api.example.com/users');
 */
export class Finch extends TlsApi implements AsyncDisposable {
  private constructor(name: string) {
    super(name);
  }

  /**
   * Starts an instance, linked to the current process; from plain code it is a
   * root of its own. Resolves when the pools of its `pools` option are up. Use
   * `childSpec` to have a supervisor of yours own it.
   *
   * `name` is required. A server that `pools` does not name gets a pool by the
   * options under `default` with its first request.
   *
   * Mirrors `Finch.start_link/1`.
   *
   * @throws OptionsError for a bad option, its pools' included.
   * @throws SupervisorError with `['already_started', pid]` when the name is taken.
   *
   * @example
   * const finch = await Finch.startLink({
   *   name: 'MyFinch',
   *   pools: { default: { size: 50 }, 'https://api.example.com': { size: 10 } },
   * });
   */
  static async startLink(options: InstanceOptions): Promise<Finch> {
    const resolved = parseInstanceOptions(options);
    await startInstance(resolved);
    return new Finch(resolved.name);
  }

  /**
   * The specification of an instance as a child of a supervisor; its id is the
   * instance's name. Use it in the tree of a service; it is plain data.
   *
   * Mirrors `Finch.child_spec/1`.
   *
   * @throws OptionsError
   *
   * @example
   * await Supervisor.startLink([Finch.childSpec({ name: 'MyFinch' })], { strategy: 'one_for_one' });
   */
  static childSpec(options: InstanceOptions & ChildSpecOverrides): ChildSpec<Finch> {
    const [overrides, instance] = splitOverrides(options);
    const { name } = parseInstanceOptions(instance);
    return {
      id: name,
      start: () => Finch.startLink(instance),
      type: 'supervisor',
      ...overrides,
    };
  }

  /**
   * The running instance of a name. Use it wherever the instance was not handed
   * to you; the handle may be kept, also over restarts of the instance.
   *
   * @throws InstanceNotFoundError
   *
   * @example
   * const { status } = await Finch.get('MyFinch').request('https://api.example.com/health');
   */
  static get(name: string): Finch {
    const finch = new Finch(name);
    finch.running();
    return finch;
  }

  /**
   * Builds a request that can be sent any number of times; see `buildRequest`.
   *
   * @example
   * const request = Finch.build('GET', 'https://api.internal/users', { accept: 'application/json' }, null, {
   *   poolTag: 'api',
   * });
   */
  static readonly build: typeof buildRequest = buildRequest;

  /**
   * Stops the instance: pools drain, then their connections close.
   *
   * @example
   * await finch.stop();
   */
  async stop(): Promise<void> {
    await Supervisor.stop(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (whereis(this.name) !== undefined) await this.stop();
  }
}
