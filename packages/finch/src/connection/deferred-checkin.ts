/**
 * CHECKIN at the end of the turn: most connections that are given back are taken
 * again within it, and their machine then needs no transition at all.
 */
import { defer, undefer, type Deferred } from '@linnet/otp';

export class DeferredCheckin implements Deferred {
  older: Deferred | undefined = undefined;
  newer: Deferred | undefined = undefined;
  private due = false;
  private readonly checkin: () => void;

  constructor(checkin: () => void) {
    this.checkin = checkin;
  }

  defer(): void {
    this.due = true;
    defer(this);
  }

  /** It is not to happen any more; false when it was not due. */
  takeBack(): boolean {
    if (!this.due) return false;
    this.due = false;
    undefer(this);
    return true;
  }

  run(): void {
    this.due = false;
    this.checkin();
  }
}
