/** A message that is longer than what a node takes. */

/**
 * A message, a request, an answer or arguments are longer, in bytes on the wire, than `maxSignalBytes`. It
 * is thrown where they are sent; the caller of a server whose answer is too long gets it as the reason.
 */
export class MessageTooLongError extends RangeError {
  readonly code = 'ERR_MESSAGE_TOO_LONG';
  override readonly name = 'MessageTooLongError';
  readonly bytes: number;
  /** The option `maxSignalBytes`. */
  readonly limit: number;

  constructor(bytes: number, limit: number) {
    super(
      `a message of ${bytes} bytes is longer than the ${limit} that a node takes: ` +
        'send it in parts, or set `maxSignalBytes` on all nodes',
    );
    this.bytes = bytes;
    this.limit = limit;
  }
}
