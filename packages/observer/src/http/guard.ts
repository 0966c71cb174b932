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
    const site = request.headers.get('sec-fetch-site');
    if (site !== null && site !== 'same-origin') return refuse(403, 'asked for by another site');
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

function hostOf(request: Request): string {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  return host.replace(/:\d+$/, '');
}

/** In a time that does not depend on where they differ. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
