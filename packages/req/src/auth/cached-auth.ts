/** Credentials that are loaded once and used until they expire or are refused. */
import { now } from '@linnet/otp';
import type { AuthContext, AuthFunction, Credentials } from '../options/index.ts';
import { plainValue } from './authorization.ts';

/** What the function of {@link cachedAuth} returns. */
export interface LoadedAuth {
  readonly credentials: Credentials;
  /** How long they are good, in ms; without it until the server answers 401. */
  readonly expiresIn?: number;
}

/**
 * A function for `auth` that keeps what another one loads: until it expires, or the server answers 401 to
 * it, which is tried once a call. However many calls wait for it, it is loaded once.
 *
 * @example
 * const req = Req.new({
 *   baseUrl: 'https://api.example.com',
 *   auth: cachedAuth(async ({ origin }) => {
 *     const { token, seconds } = await fetchToken(origin);
 *     return { credentials: { bearer: token }, expiresIn: seconds * 1000 };
 *   }),
 * });
 */
export function cachedAuth(
  load: (context: Omit<AuthContext, 'signal'>) => Promise<LoadedAuth>,
): AuthFunction {
  let current: { readonly credentials: Credentials; readonly until: number } | undefined;
  let loading: Promise<Credentials> | undefined;

  async function reload(context: AuthContext): Promise<Credentials> {
    try {
      // Without a signal: the call that happens to be first must not end it for the others.
      const { origin, refused } = context;
      const { credentials, expiresIn } = await load({ origin, refused });
      current = { credentials, until: now() + (expiresIn ?? Number.POSITIVE_INFINITY) };
      return credentials;
    } finally {
      loading = undefined;
    }
  }

  return (context) => {
    if (loading !== undefined) return loading;
    // A call that was refused what has been replaced meanwhile gets what replaced it.
    const kept = current;
    if (kept !== undefined && now() < kept.until) {
      const { credentials } = kept;
      if (context.refused === undefined || context.refused !== plainValue(credentials))
        return credentials;
    }
    loading = reload(context);
    return loading;
  };
}
