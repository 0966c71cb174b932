/** Erlang terms as JSON, from and to values of this runtime. */
import { Pid } from '@linnet/otp';
import type { Json } from './json.ts';

/** An exception that carries the Erlang term it stands for. */
export class Raised extends Error {
  override readonly name = 'Raised';
  readonly term: Json;

  constructor(term: Json) {
    super(JSON.stringify(term));
    this.term = term;
  }
}

/** `["shutdown", x]` is `{ shutdown: x }` here; other tuples are arrays. */
export function reasonFrom(term: Json | undefined): unknown {
  return Array.isArray(term) && term.length === 2 && term[0] === 'shutdown'
    ? { shutdown: term[1] as Json }
    : term;
}

/** Prints a value as a term; `nameOf` names a process. */
export function termOf(value: unknown, nameOf: (pid: Pid) => string): Json {
  const print = (part: unknown): Json => termOf(part, nameOf);
  if (value === undefined) return 'undefined';
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
    return value as Json;
  if (Pid.isPid(value)) return `@${nameOf(value)}`;
  if (value instanceof Raised) return [value.term, '$stack'];
  if (Array.isArray(value)) {
    // The second part of bad_combination is a list of pairs, not a tuple.
    if (value[0] === 'bad_combination') {
      return ['bad_combination', { list: (value[1] as unknown[]).map(print) }];
    }
    // Where Erlang tells the stack, this runtime tells the request that has no clause.
    if (value[0] === 'function_clause') return ['function_clause', '$stack'];
    return value.map(print);
  }
  if (value instanceof Error) return ['error', value.message];
  if (typeof value === 'object') {
    if ('shutdown' in value && Object.keys(value).length === 1) {
      return ['shutdown', print(value.shutdown)];
    }
    if ('spec' in value) return '$child';
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, print(part)]));
  }
  return `$${typeof value}`;
}
