/** Who is answered, and who may change things. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isLoopback, type ResolvedOptions } from '../options.ts';
import { refuse } from './answers.ts';

/** The header with the token that a page needs for actions. */
const tokenHeader = 'x-observer-token';

export class Guard {
  readonly #options: ResolvedOptions;
  /** Known to pages of this origin only: others cannot read the answer that has it. */
  readonly token = randomBytes(24).toString('base64url');

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /**
   * The refusal of data to a page of another site. That cannot read it, but its streams would take the
   * places of others.
   */
  foreignRefusal(request: Request): Response | undefined {
    return isForeign(request) ? refuse(403, 'asked for by another site') : undefined;
  }

  /** The refusal of a request; undefined when it is to be answered. */
  async refusal(request: Request): Promise<Response | undefined> {
    const { authorize } = this.#options;
    if (authorize !== undefined) {
      return (await allows(authorize, request)) ? undefined : refuse(403, 'not authorized');
    }
    // A name of others that leads to this machine (DNS rebinding) makes their page one of this origin.
    if (isLoopback(hostOf(request))) return undefined;
    return refuse(403, 'without "authorize", the observer answers to names of this machine only');
  }

  /** The refusal of an action: off, from another site, or without the token. */
  actionRefusal(request: Request): Response | undefined {
    if (!this.#options.actions) {
      return refuse(403, 'actions are off: give the observer the option actions: true');
    }
    if (!/^application\/json\b/.test(request.headers.get('content-type') ?? '')) {
      return refuse(415, 'an action is asked for in application/json');
    }
    const token = request.headers.get(tokenHeader) ?? '';
    return sameText(token, this.token) ? undefined : refuse(403, `wrong or no ${tokenHeader}`);
  }
}

async function allows(
  authorize: NonNullable<ResolvedOptions['authorize']>,
  request: Request,
): Promise<boolean> {
  try {
    return (await authorize(request)) === true;
  } catch {
    return false;
  }
}

/** Browsers say where a request comes from, the older ones by `origin` only; other programs say nothing. */
function isForeign({ headers, url }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const origin = headers.get('origin');
  if (origin === null) return false;
  return (
    !URL.canParse(origin) || new URL(origin).host !== (headers.get('host') ?? new URL(url).host)
  );
}

function hostOf(request: Request): string {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return host.replace(/:\d+$/, '');
}

/** In a time that does not depend on where they differ. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
