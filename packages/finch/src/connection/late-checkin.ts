/**
 * The checkin of a connection, of which its machine is told at the end of the turn of the event loop:
 * under load the next user has the connection by then, and the machine need not leave `in_use`.
 */
import { defer, undefer, type Deferred, type MachineRef } from '@linnet/otp';
import { connectionEvents, type ConnectionMachineEvent } from './machine.ts';

export class LateCheckin implements Deferred {
  // Kept by the list of what is deferred.
  older: Deferred | undefined = undefined;
  newer: Deferred | undefined = undefined;

  private machine: MachineRef<ConnectionMachineEvent> | undefined = undefined;

  /** Whether the machine was not told yet. */
  get isPending(): boolean {
    return this.machine !== undefined;
  }

  begin(machine: MachineRef<ConnectionMachineEvent>): void {
    this.machine = machine;
    defer(this);
  }

  /** The machine is not told. False when there was nothing to tell. */
  cancel(): boolean {
    if (this.machine === undefined) return false;
    this.machine = undefined;
    undefer(this);
    return true;
  }

  /** The machine is told now, if it was not. */
  finish(): void {
    if (this.machine === undefined) return;
    undefer(this);
    this.run();
  }

  /** @internal The end of the turn. */
  run(): void {
    const { machine } = this;
    this.machine = undefined;
    // When it takes no event its process is dead, and the connection hears of that by itself.
    machine?.step(connectionEvents.checkin);
  }
}
