/**
 * The requests that were dispatched last, by origin: programs send the same headers again and again.
 * They are checked once, and a wire keeps the text of a list that it has sent.
 */
import { BoundedCache } from '../../identity/index.ts';
import type { Request } from '../../request/index.ts';
import type { TargetOrigin } from '../../request/target.ts';

/** Headers as they were given, flat, and a request that has them. */
interface Recent {
  readonly given: readonly string[];
  readonly request: Request;
}

export class RecentHeaders {
  private readonly byOrigin = new BoundedCache<TargetOrigin, Recent>(32);

  /** The last request to this origin, if it had the same method and was given the same headers. */
  find(origin: TargetOrigin, method: string, headers: object): Request | undefined {
    const recent = this.byOrigin.get(origin);
    const isFit = recent?.request.method === method && isSame(recent.given, headers);
    return isFit ? recent.request : undefined;
  }

  /** Keeps a request without body, and with it the headers that it was given, if they are texts. */
  keep(origin: TargetOrigin, headers: object, request: Request): void {
    const given: readonly unknown[] = Object.entries(headers).flat();
    if (given.every(isText)) this.byOrigin.set(origin, { given, request });
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isSame(given: readonly string[], headers: object): boolean {
  const names = Object.keys(headers);
  if (names.length * 2 !== given.length) return false;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (given[2 * at] !== name) return false;
    if (given[2 * at + 1] !== (headers as Readonly<Record<string, unknown>>)[name]) return false;
  }
  return true;
}
