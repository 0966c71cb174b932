/** Timeouts of gen_statem among the delayed events of a machine. */
import type { EventObject } from 'xstate';

/** The id of the event timeout, which every event cancels; see `Machine.eventTimeout`. */
export const eventTimeoutId = 'linnet.event-timeout';

/** The id of the state timeout, which a change of the state cancels; see `Machine.stateTimeout`. */
export const stateTimeoutId = 'linnet.state-timeout';

/** Which timeout gets which event. */
export interface TimeoutUpdate {
  readonly id: string;
  readonly event: EventObject;
}

/** An action that the engines know by its `update` and do themselves, when the state has changed. */
type UpdateAction<F> = F & { readonly update: TimeoutUpdate };

/** Makes an action that gives a timeout another event; `refuse` runs where no engine knows it. */
export function updateAction<F extends (args: never, params: never) => void>(
  update: TimeoutUpdate,
  refuse: F,
): UpdateAction<F> {
  return Object.assign(refuse, { update });
}

/** What an action made by `updateAction` updates; undefined for any other. */
export function updateOf(action: unknown): TimeoutUpdate | undefined {
  return (action as Partial<UpdateAction<object>> | undefined)?.update;
}
