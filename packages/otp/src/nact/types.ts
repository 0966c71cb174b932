/**
 * The shapes of nact that this package has to name. They are written out, and match nact's own, since its
 * declarations do not stand on their own.
 */

/** What nact's `dispatch`, `query` and `stop` take. */
export type NactReference = object;

/** nact's logger, as actors get it. */
export interface NactLogger {
  /** Written at the level debug of the runtime's logger, as are `debug`, `info`, `event` and `metric`. */
  trace(message: string): void;
  /** As `trace`. */
  debug(message: string): void;
  /** As `trace`. */
  info(message: string): void;
  /** Written as a warning. */
  warn(message: string): void;
  /** Written as an error, as are `critical` and `exception`. */
  error(message: string): void;
  /** As `error`. */
  critical(message: string): void;
  /** As `trace`. */
  event(name: string, properties?: unknown): void;
  /** As `error`. */
  exception(exception: Error): void;
  /** As `trace`. */
  metric(name: string, values?: unknown): void;
}

/** What a nact actor function gets as its third argument, and as `this`. */
export interface NactContext<Message> {
  /** The reference of the actor itself. */
  readonly self: NactReference;
  /** The sender of the message, if `dispatch` was given one; in a query, the reference to answer. */
  readonly sender: NactReference | undefined;
  readonly name: string;
  readonly path: { parts: [string, ...string[]]; system: string; toString(): string };
  /** nact's system: processes are no children of one another. */
  readonly parent: NactReference;
  /** Always empty: start processes, and supervise them. */
  readonly children: Map<string, NactReference>;
  readonly log: NactLogger;
  /** Of the type only. */
  readonly message?: Message;
}

/** An actor function as nact's `spawn` takes it: from state and message to the next state. */
export type NactActor<State, Message> = (
  this: NactContext<Message>,
  state: State,
  message: Message,
  context: NactContext<Message>,
) => State | Promise<State>;
