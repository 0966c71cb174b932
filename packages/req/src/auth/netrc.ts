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
  const words = new Words(text);
  const entries: Entry[] = [];
  for (let word = words.keyword(); word !== undefined; word = words.keyword()) {
    const entry = entries.at(-1);
    if (word === 'macdef') words.skipMacro();
    else if (word === 'default') entries.push({ machine: undefined });
    // Without a name it is that of no host, so that what follows does not belong to the entry before.
    else if (word === 'machine') entries.push({ machine: words.value() ?? '' });
    else if (word === 'account') words.value();
    else if (word === 'login' || word === 'password') {
      const value = words.value();
      if (entry !== undefined && value !== undefined) entry[word] = value;
    }
  }
  return entries;
}

const keywords: ReadonlySet<string> = new Set([
  'machine',
  'default',
  'login',
  'password',
  'account',
  'macdef',
]);

/** The text of a netrc file, read word by word. */
class Words {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next word where a keyword may stand; `#` begins a comment there. Undefined at the end. */
  keyword(): string | undefined {
    this.#match(/(?:\s+|#[^\n]*)*/y);
    const [word] = this.#match(/"(?:[^"\\]|\\.)*"|\S+/sy) ?? [];
    return word;
  }

  /**
   * The value of the keyword before: a word, which may begin with `#`, or a text in quotes. Undefined when it is
   * missing, and another keyword stands in the next line: that begins what may be another host's.
   */
  value(): string | undefined {
    const start = this.#at;
    const [blank = ''] = this.#match(/\s*/y) ?? [];
    const [word, quoted] = this.#match(/"((?:[^"\\]|\\.)*)"|\S+/sy) ?? [];
    if (quoted !== undefined) return unquoted(quoted);
    if (word === undefined || !blank.includes('\n') || !keywords.has(word)) return word;
    this.#at = start;
    return undefined;
  }

  /** A macro goes on to the next empty line. */
  skipMacro(): void {
    if (this.#match(/[\s\S]*?\n\s*\n/y) === null) this.#at = this.#text.length;
  }

  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found !== null) this.#at = sticky.lastIndex;
    return found;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unquoted(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
