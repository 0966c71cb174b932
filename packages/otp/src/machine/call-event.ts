/** Events: what a machine takes for one, and those that a caller waits for. */
import type { EventObject } from 'xstate';
import type { Call } from '../process/messages/call.ts';
import { BadArgumentError } from '../process/errors.ts';

export function isEvent(value: unknown): value is EventObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<EventObject>).type === 'string'
  );
}

export function checkEvent(value: unknown): asserts value is EventObject {
  if (!isEvent(value)) throw new BadArgumentError('event', value, "an object with a string 'type'");
}

/** The event of a call: the caller's event with `from`. */
export class CallEvent implements EventObject {
  declare readonly type: string;
  readonly from: Call;

  constructor(call: Call) {
    const { request } = call;
    Object.assign(this, isEvent(request) ? request : { type: 'call', request });
    this.from = call;
  }
}
