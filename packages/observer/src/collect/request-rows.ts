/** Requests as pages show them: bounded, and without what is secret. */
import type { PhaseTimes, RequestRow } from '../protocol/documents.ts';
import type { Redact } from '../options.ts';
import type { RequestEntry } from './request-entry.ts';
import { cut, given, round } from './show.ts';

/** Headers of one request that are shown. */
const mostHeaders = 50;

export interface Disclosure {
  readonly reveal: boolean;
  readonly redact: Redact;
}

export function requestRow(
  entry: RequestEntry,
  disclosure: Disclosure,
): readonly [id: string, row: RequestRow] {
  const { id, at, instance, pool, attempts, bytes } = entry;
  const row: RequestRow = {
    at,
    instance,
    pool,
    method: cut(entry.method, 20),
    path: cut(pathOf(entry, disclosure), 300),
    duration: round(entry.duration),
    ...given('status', entry.status),
    ...given('error', entry.error),
    attempts,
    ...given('protocol', entry.protocol),
    ...given('connection', entry.connection?.toString()),
    bytes,
    phases: phaseTimes(entry),
    ...given('headers', headersOf(entry, disclosure)),
  };
  return [String(id), row];
}

/** Queries carry what users looked for, and now and then a key. */
function pathOf({ path, query }: RequestEntry, { reveal, redact }: Disclosure): string {
  if (query === undefined || query === '') return path;
  if (!reveal) return `${path}?…`;
  const shown = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    const replaced = redacted(redact, decoded(name), decoded(value.join('=')));
    return replaced === undefined ? pair : `${name}=${replaced}`;
  });
  return `${path}?${shown.join('&')}`;
}

function headersOf(
  { headers }: RequestEntry,
  { redact }: Disclosure,
): Array<readonly [string, string]> | undefined {
  if (headers === undefined) return undefined;
  const shown: Array<readonly [string, string]> = [];
  for (let i = 0; i + 1 < headers.length && shown.length < mostHeaders; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    shown.push([cut(name, 100), cut(redacted(redact, name, value) ?? value, 500)]);
  }
  return shown;
}

/** What decides may fail: then nothing of the value is shown. */
function redacted(redact: Redact, name: string, value: string): string | undefined {
  try {
    return redact(name, value);
  } catch {
    return '[redacted]';
  }
}

function phaseTimes({ phases, connect }: RequestEntry): PhaseTimes {
  const { queue, send, wait, receive } = phases;
  const waited = queue === undefined ? undefined : Math.max(0, queue - (connect ?? 0));
  return {
    ...shownTime('queue', waited),
    ...shownTime('connect', connect),
    ...shownTime('send', send),
    ...shownTime('wait', wait),
    ...shownTime('receive', receive),
  };
}

const shownTime = (phase: keyof PhaseTimes, ms: number | undefined): PhaseTimes =>
  ms === undefined ? {} : { [phase]: round(ms) };

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
