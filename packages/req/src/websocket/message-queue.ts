/** Messages that came and were not read yet, or readers that wait for them. */

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/** A queue between a source of messages and its readers; one of the two sides is empty at any time. */
export class MessageQueue<T> {
  readonly #messages: T[] = [];
  readonly #readers: Reader<T>[] = [];
  #end: { readonly error: Error | undefined } | undefined;

  /** How many messages wait to be read. */
  get length(): number {
    return this.#messages.length;
  }

  /** A message came. */
  push(message: T): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#messages.push(message);
    else reader.resolve({ done: false, value: message });
  }

  /** No further message comes; what came is still read. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }

  /** The next message. */
  next(): Promise<IteratorResult<T, undefined>> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    const end = this.#end;
    if (end === undefined) {
      return new Promise((resolve, reject) => {
        this.#readers.push({ resolve, reject });
      });
    }
    return end.error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(end.error);
  }
}
