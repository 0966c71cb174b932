/** Credentials, as a caller gives them. */
import { custom, invalid, isObject } from '@linnet/otp/options';

/** Credentials that are known already. */
export type Credentials =
  | string
  | { readonly basic: string | { readonly username: string; readonly password: string } }
  | { readonly bearer: string }
  | { readonly netrc: true | string };

/** A netrc file but for its entry `default`, which is for every host: of servers that a server has named. */
export function machinesOnly(credentials: { readonly netrc: true | string }): Credentials {
  return Object.assign({ machinesOnly: true }, credentials);
}

/** What a function of `auth` is told. */
export interface AuthContext {
  /** The value of `authorization` to which the server answered 401 just now: it is good no more. */
  readonly refused: string | undefined;
  /** The origin that is asked: `https://api.example.com`. */
  readonly origin: string;
  /** Aborts with the call. */
  readonly signal: AbortSignal | undefined;
}

/** Gives the credentials of an attempt; undefined for none. */
export type AuthFunction = (
  context: AuthContext,
) => Credentials | undefined | Promise<Credentials | undefined>;

/** Credentials, or a function that gives them for each attempt. */
export type Auth = Credentials | AuthFunction;

export const auth = custom<Auth | false, Auth | false>({
  doc: "Credentials: `{ basic: 'user:password' }`, `{ bearer: token }`, `{ netrc: true }` or the path of a netrc file, a string that is the value of `authorization`, or a function that returns one of them for each attempt; `false` for none. Dropped by redirects to another origin.",
  type: 'Auth | false',
  allowed:
    "{ basic: 'user:password' }, { bearer: 'token' }, { netrc: true }, { netrc: path }, a string, a function, or false",
  secret: true,
  parse: (value) => (isAuth(value) ? value : invalid),
});

function isAuth(value: unknown): value is Auth | false {
  return value === false || typeof value === 'function' || isCredentials(value);
}

/** Whether something is what a function of `auth` may return. */
export function isCredentials(value: unknown): value is Credentials {
  if (typeof value === 'string') return value !== '';
  if (!isObject(value) || Object.keys(value).length !== 1) return false;
  const { basic, bearer, netrc } = value;
  if (typeof bearer === 'string') return bearer !== '';
  if (netrc !== undefined) return netrc === true || (typeof netrc === 'string' && netrc !== '');
  if (typeof basic === 'string') return basic.includes(':');
  return isObject(basic) && ['username', 'password'].every((key) => typeof basic[key] === 'string');
}
