/** Errors of servers. */

/** A server was asked for a clause that its definition does not have. */
export class FunctionClauseError extends Error {
  readonly code = 'ERR_FUNCTION_CLAUSE';
  override readonly name = 'FunctionClauseError';
  /** The name of the definition. */
  readonly module: string;
  /** `'handleCall'`, `'handleCast'` or `'handleContinue'`. */
  readonly callback: string;
  /** The clause that is missing. */
  readonly clause: string;

  /** `isAtCaller`: it was not sent at all, see `checkCalls` of `GenServer.define`. */
  constructor(
    module: string,
    callback: string,
    clause: string,
    known: Iterable<string>,
    isAtCaller = false,
  ) {
    const names = [...known].map((name) => JSON.stringify(name)).join(', ');
    super(
      `${module} has no ${callback} clause ${JSON.stringify(clause)}` +
        (names === '' ? '' : ` (it has ${names})`) +
        (isAtCaller ? '' : '. It ends for that, as in OTP, and its supervisor starts it again'),
    );
    this.module = module;
    this.callback = callback;
    this.clause = clause;
  }
}
