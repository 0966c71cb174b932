/** The value of `authorization` that credentials stand for. */
import { describeValue } from '@linnet/otp/options';
import { AuthError } from '../errors/index.ts';
import { isCredentials, type Auth, type AuthContext, type Credentials } from '../options/index.ts';
import { netrcLogin, netrcPath } from './netrc.ts';

/**
 * The value for an attempt; undefined when there are no credentials for its host.
 *
 * @throws AuthError
 */
export function authorizationOf(
  auth: Auth,
  context: AuthContext,
): string | undefined | Promise<string | undefined> {
  if (typeof auth !== 'function') return valueOf(auth, context.origin);
  return fromFunction(auth, context);
}

async function fromFunction(
  auth: Exclude<Auth, Credentials>,
  context: AuthContext,
): Promise<string | undefined> {
  let given: unknown;
  try {
    given = await auth(context);
  } catch (cause) {
    const detail = `The function of auth failed for ${context.origin}`;
    throw new AuthError({ reason: 'function', detail, cause });
  }
  if (given === undefined) return undefined;
  if (isCredentials(given)) return valueOf(given, context.origin);
  // A value that is no credentials may still be a secret.
  const what = typeof given === 'string' ? 'an empty string' : describeValue(given);
  const detail = `The function of auth returned ${what}, which is no credentials`;
  throw new AuthError({ reason: 'function', detail });
}

function valueOf(
  credentials: Credentials,
  origin: string,
): string | undefined | Promise<string | undefined> {
  if (typeof credentials !== 'object' || !('netrc' in credentials)) return plainValue(credentials);
  const path = credentials.netrc === true ? netrcPath() : credentials.netrc;
  const { hostname = '' } = URL.parse(origin) ?? {};
  const host = hostname.replace(/^\[|\]$/g, '');
  return netrcLogin(path, host, !('machinesOnly' in credentials)).then((found) =>
    found === undefined ? undefined : basicOf(`${found.login}:${found.password}`),
  );
}

/** The value of credentials that depend on no host; undefined for those of a netrc file. */
export function plainValue(credentials: Credentials): string | undefined {
  if (typeof credentials === 'string') return credentials;
  if ('bearer' in credentials) return `Bearer ${credentials.bearer}`;
  if ('netrc' in credentials) return undefined;
  const { basic } = credentials;
  return basicOf(typeof basic === 'string' ? basic : `${basic.username}:${basic.password}`);
}

/** RFC 7617, in UTF-8. */
function basicOf(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}
