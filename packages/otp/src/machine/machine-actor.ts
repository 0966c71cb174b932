/** The xstate actor that lives in a machine process: `self` of its actions. */
import { Actor, type EventObject, type StateValue } from 'xstate';
import type { Pid } from '../process/pid.ts';
import type { ActorHost, MachineLogic } from './machine-logic.ts';
import type { MachineRef } from './types.ts';

/** An actor of xstate, and besides what {@link MachineRef} says of the process. */
export class MachineActor extends Actor<MachineLogic> implements MachineRef {
  get host(): ActorHost {
    return this.logic.host;
  }

  get pid(): Pid {
    return this.host.pid;
  }

  get value(): StateValue {
    return this.getSnapshot().value as StateValue;
  }

  step(event: EventObject): boolean {
    return this.host.step(event);
  }

  can(event: EventObject): boolean {
    return this.getSnapshot().can(event);
  }
}
