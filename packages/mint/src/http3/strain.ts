/**
 * What a peer may send without moving anything on: empty DATA, frames and
 * streams that mean nothing here, GOAWAY, instructions of QPACK.
 */
import { Fault } from '../errors/fault.ts';

export class Strain {
  /** How much came since it was 0. */
  count = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** @throws {Fault} `H3_EXCESSIVE_LOAD` when it is too much. */
  add(count = 1): void {
    this.count += count;
    if (this.count <= this.most) return;
    throw new Fault('H3_EXCESSIVE_LOAD', 'too much that moves nothing on');
  }
}
