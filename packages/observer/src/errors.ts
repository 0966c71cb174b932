/** The failures of the observer itself. */

/** An option of the observer that cannot be used. */
export class ObserverOptionsError extends TypeError {
  override readonly name = 'ObserverOptionsError';
  readonly code = 'ERR_OBSERVER_OPTIONS';
  readonly option: string;

  constructor(option: string, message: string) {
    super(`The option "${option}" of Observer ${message}`);
    this.option = option;
  }
}

/** The observer's server could not listen. */
export class ObserverListenError extends Error {
  override readonly name = 'ObserverListenError';
  readonly code = 'ERR_OBSERVER_LISTEN';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: Error) {
    super(
      `The observer cannot listen on ${host}:${port} (${cause.message}). ` +
        `Give it another "port", or 0 for any free one.`,
      { cause },
    );
    this.host = host;
    this.port = port;
  }
}

/** An action was asked for that cannot be done. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly code = 'ERR_OBSERVER_ACTION';
}
