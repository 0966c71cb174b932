/** The file `.netrc`: logins by host, as curl and ftp read it. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AuthError } from '../errors/index.ts';

/** A login of a host. */
export interface Login {
  readonly login: string;
  readonly password: string;
}

/** Where the file is unless a path is given: `$NETRC`, else `.netrc` in the home directory. */
export function netrcPath(): string {
  return (
    process.env['NETRC'] ?? join(homedir(), process.platform === 'win32' ? '_netrc' : '.netrc')
  );
}

/**
 * The login of a host in a file; undefined when there is none.
 *
 * @param mayDefault whether the entry `default` counts, which is for every host
 * @throws AuthError when the file cannot be read.
 */
export async function netrcLogin(
  path: string,
  host: string,
  mayDefault: boolean,
): Promise<Login | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new AuthError({
      reason: 'netrc',
      detail: `The netrc file ${path} cannot be read`,
      cause,
    });
  }
  return loginFor(text, host, mayDefault);
}

/** The login of a host in the text of such a file: the first entry of the host, else `default`. */
export function loginFor(text: string, host: string, mayDefault = true): Login | undefined {
  let fallback: Login | undefined;
  for (const { machine, login, password } of entriesOf(text)) {
    if (login === undefined || password === undefined) continue;
    if (machine?.toLowerCase() === host.toLowerCase()) return { login, password };
    if (machine === undefined && mayDefault) fallback ??= { login, password };
  }
  return fallback;
}

interface Entry {
  /** Undefined for `default`. */
  readonly machine: string | undefined;
  login?: string;
  password?: string;
}

function entriesOf(text: string): Entry[] {
  // A macro, alone on its line or after an entry, goes on to the next empty line.
  const tokens = tokensOf(text.replace(/(?<=^|\s)macdef\s[\s\S]*?(?:\n\s*\n|$)/g, '\n'));
  const entries: Entry[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const value = tokens[index + 1];
    const entry = entries.at(-1);
    switch (tokens[index]) {
      case 'default':
        entries.push({ machine: undefined });
        continue;
      case 'machine':
        if (value !== undefined) entries.push({ machine: value });
        break;
      case 'login':
        if (entry !== undefined && value !== undefined) entry.login = value;
        break;
      case 'password':
        if (entry !== undefined && value !== undefined) entry.password = value;
        break;
      case 'account':
        break;
      default:
        continue;
    }
    index += 1;
  }
  return entries;
}

/** Words, and texts in quotes; `#` at the start of a word begins a comment. */
function tokensOf(text: string): string[] {
  const found = text.matchAll(/"((?:[^"\\]|\\.)*)"|#[^\n]*|(\S+)/gs);
  return Array.from(found, ([, quoted, word]) =>
    quoted === undefined ? word : unquoted(quoted),
  ).filter((token) => token !== undefined);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unquoted(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
