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

/** For so many origins credentials are kept; beyond that those that were loaded first go. */
const most = 1000;

/**
 * A function for `auth` that keeps what another one loads, for each origin by itself: until it expires, or the
 * server answers 401 to it, which is tried once a call. However many calls wait for it, it is loaded once.
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
  const byOrigin = new Map<string, KeptAuth>();
  return (context) => {
    const { origin } = context;
    let kept = byOrigin.get(origin);
    if (kept === undefined) {
      const [oldest] = byOrigin.keys();
      if (byOrigin.size >= most && oldest !== undefined) byOrigin.delete(oldest);
      kept = new KeptAuth(load);
      byOrigin.set(origin, kept);
    }
    return kept.get(context);
  };
}

/** The credentials for one origin. */
class KeptAuth {
  readonly #load: (context: Omit<AuthContext, 'signal'>) => Promise<LoadedAuth>;
  #credentials: Credentials | undefined;
  #until = 0;
  #loading: Promise<Credentials> | undefined;

  constructor(load: (context: Omit<AuthContext, 'signal'>) => Promise<LoadedAuth>) {
    this.#load = load;
  }

  get(context: AuthContext): Credentials | Promise<Credentials> {
    if (this.#loading !== undefined) return this.#loading;
    const credentials = this.#credentials;
    const { refused } = context;
    // A call that was refused what has been replaced meanwhile gets what replaced it.
    if (credentials !== undefined && now() < this.#until && refused !== plainValue(credentials))
      return credentials;
    this.#loading = this.#reload(context);
    return this.#loading;
  }

  async #reload({ origin, refused }: AuthContext): Promise<Credentials> {
    try {
      // Without a signal: the call that happens to be first must not end it for the others.
      const { credentials, expiresIn } = await this.#load({ origin, refused });
      this.#credentials = credentials;
      this.#until = now() + (expiresIn ?? Number.POSITIVE_INFINITY);
      return credentials;
    } finally {
      this.#loading = undefined;
    }
  }
}
