/** The id of an event, as a header says it. */

/** What no field value has (RFC 9110, 5.5). */
// oxlint-disable-next-line no-control-regex
const control = /[\0-\x08\n-\x1f\x7f]/;

/** Whether an id can be sent as `last-event-id`. */
export function isSendable(id: string): boolean {
  return !control.test(id);
}
