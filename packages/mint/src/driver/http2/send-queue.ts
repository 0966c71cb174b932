/**
 * Those who have bytes for streams of one connection: each sends a frame in its
 * turn, as long as the windows of the peer take one and the output is not full.
 */

/** Has bytes for a stream, which wait for the peer's windows. */
export interface Sender {
  /** Sends one frame, if the windows take one; returns whether they did. */
  sendFrame(): boolean;
}

/** Where the frames go. */
export interface SendOutput {
  /** How many bytes wait to be written. */
  readonly waiting: number;
}

/** How much is written at a time, before the socket is asked whether it takes more. */
export const outputSize = 131_072;

export class SendQueue {
  private readonly senders = new Set<Sender>();

  get isEmpty(): boolean {
    return this.senders.size === 0;
  }

  add(sender: Sender): void {
    this.senders.add(sender);
  }

  delete(sender: Sender): void {
    this.senders.delete(sender);
  }

  /** Has frames sent; returns whether there may be more of them, only that the output is full. */
  pump(output: SendOutput): boolean {
    let isMoving = !this.isEmpty;
    while (isMoving) {
      isMoving = false;
      for (const sender of this.senders) {
        if (output.waiting >= outputSize) return true;
        if (sender.sendFrame()) isMoving = true;
      }
    }
    return false;
  }
}
