/** A value that cannot go to another node. */

/**
 * A message, an argument or an answer holds what cannot go to another node: a function, a symbol, a
 * promise, or an object of a class, which would lose its class on the way. It is thrown where the value
 * is sent.
 *
 * Source: the `DataCloneError` of structured cloning.
 */
export class DataCloneError extends TypeError {
  readonly code = 'ERR_DATA_CLONE';
  override readonly name = 'DataCloneError';
  /** Where in the value it is: `message.items[3].callback`. */
  readonly path: string;

  constructor(path: string, what: string) {
    super(`${path} is ${what}, which cannot be sent to another node: send plain data`);
    this.path = path;
  }
}
