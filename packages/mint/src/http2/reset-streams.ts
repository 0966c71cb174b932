/**
 * The streams that this side has reset: what the peer sent before it knew is no
 * error (RFC 9113, 5.1).
 */

/** How many are remembered. What comes for older ones is answered with one more reset. */
const remembered = 1000;

export class ResetStreams {
  private readonly ids = new Set<number>();

  has(id: number): boolean {
    return this.ids.has(id);
  }

  add(id: number): void {
    const { ids } = this;
    ids.add(id);
    if (ids.size <= remembered) return;
    for (const oldest of ids) {
      ids.delete(oldest);
      return;
    }
  }

  /** Nothing more comes for it. */
  delete(id: number): void {
    this.ids.delete(id);
  }
}
