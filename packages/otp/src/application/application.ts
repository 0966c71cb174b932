/**
 * Applications: a supervision tree as a program, or as a part of one.
 *
 * An application keeps the program alive while it runs, stops in order when the program is asked
 * to end (SIGTERM, SIGINT), and lets the program fail when the root of its tree has failed.
 */
import type { Pid } from '../process/pid.ts';
import type { SupervisorHandle } from '../supervisor/client.ts';
import type { CheckedChildren, Child } from '../supervisor/types.ts';
import { ApplicationError } from './errors.ts';
import { checkOptions, type ApplicationOptions, type CheckedOptions } from './options.ts';
import { runningApplication, runningApplications, startApplication } from './program.ts';
import type { ApplicationEnd, RunningApplication } from './running-application.ts';
import { inStartOrder } from './start-order.ts';

/** A running application. */
export class ApplicationHandle implements AsyncDisposable {
  readonly #application: RunningApplication;

  constructor(application: RunningApplication) {
    this.#application = application;
  }

  /** The name under which it was started. */
  get name(): string {
    return this.#application.name;
  }

  /** The root supervisor, registered as `<name>.Supervisor`. */
  get supervisor(): SupervisorHandle {
    return this.#application.supervisor;
  }

  /** The process of the root supervisor. */
  get pid(): Pid {
    return this.supervisor.pid;
  }

  /**
   * Resolves when the application has ended in any way; never rejects.
   * @example
   * const { reason } = await application.done;
   */
  get done(): Promise<ApplicationEnd> {
    return this.#application.done;
  }

  /**
   * Stops the application: runs `prepStop`, stops the tree, the children in reverse order, runs
   * `stop`. The program goes on, and ends if nothing else keeps it alive. While it is being
   * stopped, another call waits for the same end.
   *
   * Source: `application:stop/1`.
   * @throws {ApplicationError} with `reason` `['not_started', name]` when it has ended already,
   *   `['stop_timeout', name]` when it had to be killed at the end of `shutdownTimeout`.
   * @example
   * await application.stop();
   */
  stop(): Promise<void> {
    return stopApplication(this.#application);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (runningApplication(this.name) === this.#application) await this.stop();
  }
}

async function stopApplication(application: RunningApplication): Promise<void> {
  const { name } = application;
  if (runningApplication(name) !== application) throw ApplicationError.notStarted(name);
  await application.stop();
  const { shutdownTimeout } = application.options;
  if (application.timedOut && shutdownTimeout !== 'infinity') {
    throw ApplicationError.stopTimeout(name, shutdownTimeout);
  }
}

type WithChildren<T extends readonly Child[]> = Omit<ApplicationOptions, 'children'> & {
  readonly children: T & CheckedChildren<T>;
};

/**
 * Starts an application: a root supervisor with its children. Resolves when the tree is up.
 *
 * From then on SIGTERM and SIGINT stop it in order, and with it all other applications, the
 * youngest first; then the program exits with 0, or 1 if something had to be killed. A second
 * signal exits at once. It runs as plain code: also when a process starts it, that is not its
 * parent.
 *
 * Defaults: `strategy` `'one_for_one'`, `maxRestarts` 3 within `maxSeconds` 5, `restart`
 * `'permanent'`, `shutdownTimeout` 25,000 ms.
 *
 * Source: `application:start/2` and the callbacks `start/2`, `prep_stop/1`, `stop/1`.
 * @throws {ApplicationError} with `reason` `['already_started', name]`, `['not_started', needed]`,
 *   or `[why, [name, 'start', ['normal']]]` when the tree could not be started.
 * @example
 * const application = await Application.start({
 *   name: 'shop',
 *   children: [Database, [Web, { port: 8080 }]],
 *   prepStop: () => stopAcceptingOrders(),
 * });
 * await application.done;
 */
async function start<const T extends readonly Child[]>(
  options: WithChildren<T>,
): Promise<ApplicationHandle> {
  const application = await startApplication(checkOptions(options));
  return new ApplicationHandle(application);
}

/**
 * Starts applications in the order of their needs (`applications`), leaving out those that run
 * already; gives the names of those that it has started, in that order. When one fails to start,
 * the others that it has started are stopped again.
 *
 * Source: `application:ensure_all_started/1`.
 * @throws {ApplicationError} as {@link start} does, and with `reason`
 *   `['circular_dependencies', names]`.
 * @example
 * await Application.ensureAllStarted([
 *   { name: 'web', applications: ['db'], children: [Web] },
 *   { name: 'db', children: [Database] },
 * ]); // ['db', 'web']
 */
async function ensureAllStarted(
  definitions: ReadonlyArray<ApplicationOptions & { readonly name: string }>,
): Promise<string[]> {
  const checked: CheckedOptions[] = definitions.map((options) => checkOptions(options));
  const started: RunningApplication[] = [];
  for (const options of inStartOrder(checked)) {
    if (runningApplication(options.name) !== undefined) continue;
    try {
      started.push(await startApplication(options));
    } catch (error) {
      for (const application of started.toReversed()) await application.stop();
      throw error;
    }
  }
  return started.map(({ name }) => name);
}

/**
 * Stops an application by name, see {@link ApplicationHandle.stop}.
 *
 * Source: `application:stop/1`.
 * @throws {ApplicationError}
 * @example
 * await Application.stop('shop');
 */
async function stop(name: string): Promise<void> {
  const application = runningApplication(name);
  if (application === undefined) throw ApplicationError.notStarted(name);
  await stopApplication(application);
}

/**
 * Applications of this program. `whichApplications` names those that run, in the order of their
 * starts (`application:which_applications/0`).
 */
export const Application: {
  readonly start: typeof start;
  readonly ensureAllStarted: typeof ensureAllStarted;
  readonly stop: typeof stop;
  readonly whichApplications: typeof runningApplications;
} = Object.freeze({ start, ensureAllStarted, stop, whichApplications: runningApplications });
