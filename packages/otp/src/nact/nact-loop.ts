/** The loop of a nact actor function as a process. */
import type { Call } from '../process/messages/call.ts';
import { currentLogger } from '../process/reports/crash-report.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isThenable } from '../process/values/thenable.ts';
import { Gen, type Pending } from '../gen-server/gen.ts';
import type { ServerStatus } from '../gen-server/status.ts';
import type { NactActor, NactContext, NactLogger, NactReference } from './types.ts';

/** What came through nact, with the reference that it came from. */
class FromNact {
  readonly message: unknown;
  readonly sender: NactReference | undefined;

  constructor(message: unknown, sender: NactReference | undefined) {
    this.message = message;
    this.sender = sender;
  }
}

/** What a loop runs. */
export interface NactDefinition {
  readonly act: NactActor<unknown, unknown>;
  readonly afterStop: ((state: unknown, context: NactContext<unknown>) => unknown) | undefined;
}

export class NactLoop extends Gen {
  readonly #definition: NactDefinition;
  #state: unknown;
  #lastMessage: unknown;

  constructor(
    process: Process,
    parent: Pid | undefined,
    definition: NactDefinition,
    state: unknown,
  ) {
    super(process, parent);
    this.#definition = definition;
    this.#state = state;
  }

  details(): Readonly<Record<string, unknown>> {
    return { state: this.#state, lastMessage: this.#lastMessage };
  }

  /** A message as it goes into the mailbox, so that its sender is known. */
  fromNact(message: unknown, sender: unknown): unknown {
    return new FromNact(message, sender as NactReference | undefined);
  }

  protected override getState(): unknown {
    return this.#state;
  }

  protected override setState(state: unknown): void {
    this.#state = state;
  }

  protected override shownStatus(status: ServerStatus): ServerStatus {
    return status;
  }

  protected override beforeMessage(): void {}

  protected override handleCall(call: Call): void {
    // An actor function has no way to answer a call; use nact's query for that.
    call.fail(['not_a_server', call.request]);
  }

  protected override handleMessage(given: unknown): Pending {
    const { message, sender } = given instanceof FromNact ? given : new FromNact(given, undefined);
    this.#lastMessage = message;
    const context = contextOf(this.process, sender);
    const next = this.#definition.act.call(context, this.#state, message, context);
    if (!isThenable(next)) {
      this.#state = next;
      return undefined;
    }
    return Promise.resolve(next).then((state) => {
      this.#state = state;
    });
  }

  protected override terminate(_reason: ExitReason): unknown {
    return this.#definition.afterStop?.(this.#state, contextOf(this.process, undefined));
  }
}

const noChildren: ReadonlyMap<string, NactReference> = new Map();

/** What a nact function is given beside state and message. */
function contextOf(process: Process, sender: NactReference | undefined): NactContext<unknown> {
  const { reference, name } = process;
  const { path, parent } = reference as { path: NactContext<unknown>['path']; parent: object };
  const log = loggerOf(process);
  return { self: reference, name, path, parent, sender, children: new Map(noChildren), log };
}

function loggerOf({ pid }: Process): NactLogger {
  const write =
    (level: 'error' | 'warn' | 'debug') =>
    (message: unknown): void =>
      currentLogger()[level]({ pid, message }, String(message));
  const debug = write('debug');
  return {
    trace: debug,
    debug,
    info: debug,
    event: debug,
    metric: debug,
    warn: write('warn'),
    error: write('error'),
    critical: write('error'),
    exception: write('error'),
  };
}
