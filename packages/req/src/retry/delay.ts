/** How long to wait before a request is sent again. */
import type { HeaderList } from '../header-list.ts';

/** The first wait, in ms; each further one is twice as long. */
const firstDelay = 1000;

/**
 * Between half and all of 1000 · 2ⁿ ms: grows, so that a server in trouble gets time, and differs from
 * client to client, so that they do not all come back at once.
 */
export function backOff(
  retry: number,
  longest: number,
  random: () => number = Math.random,
): number {
  const most = Math.min(longest, firstDelay * 2 ** retry);
  return Math.round(most / 2 + (random() * most) / 2);
}

/**
 * What `Retry-After` asks for, in ms: seconds or a date (RFC 9110, 10.2.3); undefined without it. A
 * date is taken against the server's own `date`, so that clocks that differ do not matter.
 */
export function retryAfter(headers: HeaderList): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // `Date.parse` makes a date of almost any word with a number after it.
  const date = startOfDate.test(value) ? Date.parse(inGmt(value)) : Number.NaN;
  if (Number.isNaN(date)) return undefined;
  const sent = Date.parse(headers.get('date') ?? '');
  return Math.max(0, date - (Number.isNaN(sent) ? Date.now() : sent));
}

/** All three forms of a date begin with its day (RFC 9110, 5.6.7). */
const startOfDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i;

/** The oldest form of a date has no zone, and means GMT (RFC 9110, 5.6.7): `Sun Nov  6 08:49:37 1994`. */
function inGmt(date: string): string {
  return /:\d\d \d{4}$/.test(date) ? `${date} GMT` : date;
}
