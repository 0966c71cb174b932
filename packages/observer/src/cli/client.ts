/** Asks an observer for its documents. */
import type { Documents, PageName } from '../protocol/documents.ts';
import type { Arguments } from './arguments.ts';

/** The observer cannot be asked; the message says why. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
}

/** @throws ClientError */
export async function fetchPage<P extends PageName>(
  { url, headers, node }: Pick<Arguments, 'url' | 'headers' | 'node'>,
  page: P,
  query: Readonly<Record<string, string>> = {},
): Promise<Documents[P]> {
  const asked = node === '' ? query : { ...query, node };
  const address = `${url}api/${page}?${new URLSearchParams(asked).toString()}`;
  let response: Response;
  try {
    response = await fetch(address, {
      headers: headers.map(([name, value]) => [name, value]),
      // What `--header` has is for this address only.
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new ClientError(`no observer answers at ${url}: ${reasonOf(cause)}`, { cause });
  }
  const text = await response.text();
  if (!response.ok) throw new ClientError(refusalOf(url, response, text));
  try {
    return JSON.parse(text) as Documents[P];
  } catch (cause) {
    throw new ClientError(`${url} is not the address of an observer`, { cause });
  }
}

/** What to do, by the code of a failure. */
const advices: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there. Does the program run, with Observer.childSpec() in its tree, on this port?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS is not spoken there. Does its url begin with http:?',
};

function refusalOf(url: string, { status, headers }: Response, text: string): string {
  const location = headers.get('location');
  if (location !== null) return `${url} answers ${status}: it leads to ${location.slice(0, 300)}`;
  const isRight = status === 401 || status === 403;
  const advice = isRight ? `; what its "authorize" asks for is given by --header` : '';
  return `${url} answers ${status}: ${errorIn(text).slice(0, 300)}${advice}`;
}

function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const { message, code } = (cause instanceof Error ? cause : error) as NodeJS.ErrnoException;
  const advice = Object.hasOwn(advices, code ?? '') ? advices[code ?? ''] : undefined;
  // OpenSSL's own words are of use to those who debug OpenSSL.
  return advice ?? (message === '' ? error.message : message.trim());
}
