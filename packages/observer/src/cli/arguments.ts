/** The command line, as node:util parses it. */
import { parseArgs } from 'node:util';
import { nearestOf } from '@linnet/otp/options';
import { sortKeys, type SortKey } from '../protocol/documents.ts';

export const commands = ['tree', 'pools', 'top', 'crashes', 'cluster'] as const;

export type CommandName = (typeof commands)[number];

export interface Arguments {
  readonly command: CommandName;
  /** With a slash at its end. */
  readonly url: string;
  readonly format: 'text' | 'json' | 'dot';
  readonly watch: boolean;
  /** Seconds between two looks. */
  readonly interval: number;
  readonly search: string;
  /** Of the cluster; empty for the one that answers. */
  readonly node: string;
  readonly sort: SortKey;
  readonly limit: number;
  /** Sent with each request. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

export const usage = `Usage: observer [url] [command] [options]

Looks into a program that runs an Observer of @linnet/observer.
The url is that of its page, http://127.0.0.1:4400 by default.

Commands:
  tree      the supervision tree (default)
  pools     the pools of HTTP clients
  top       the table of processes, drawn anew: m n l u r p sort, q quits
  crashes   the last crashes
  cluster   the nodes of the cluster, and how they are connected

Options:
  --json                as JSON
  --dot                 the tree for Graphviz: observer tree --dot | dot -Tsvg
  -w, --watch           again and again, until ctrl-c
  -i, --interval <s>    seconds between two looks, 1 by default
  -s, --search <text>   what has this text in its name, kind or pid
      --node <name>     what another node of the cluster shows
      --sort <key>      ${sortKeys.join(', ')}
  -n, --limit <count>   rows, 20 by default
  -H, --header <field>  a header for the observer's authorize: 'authorization: Bearer …'
  -v, --version
  -h, --help
`;

/** The command line cannot be understood; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is to be done; help and the version go before all else. @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments | 'help' | 'version' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  let command: CommandName | undefined;
  let url: string | undefined;
  for (const given of positionals) {
    const known = commands.find((name) => name === given);
    if (known !== undefined && command === undefined) command = known;
    else if (known === undefined && url === undefined) url = given;
    else throw new UsageError(tooMuch(url, given));
  }
  if (values.json && values.dot) throw new UsageError('either --json or --dot');
  const format = values.json ? 'json' : values.dot ? 'dot' : 'text';
  if (format === 'dot' && (command ?? 'tree') !== 'tree') {
    throw new UsageError('--dot is for the tree');
  }
  const address = addressOf(url ?? 'http://127.0.0.1:4400/');
  return {
    command: command ?? 'tree',
    url: address.url,
    format,
    watch: values.watch,
    interval: numberOf('--interval', values.interval, 0.2, 3600),
    search: values.search,
    node: values.node,
    sort: sortOf(values.sort),
    limit: numberOf('--limit', values.limit, 1, 200),
    headers: [...address.headers, ...values.header.map(headerOf)],
  };
}

/** What is wrong with two words that are no commands, or with a second command. */
function tooMuch(url: string | undefined, given: string): string {
  const word = url !== undefined && /^[a-z]+$/.test(url) ? url : undefined;
  if (word === undefined) return `one command and one url: ${given} is too much`;
  const nearest = nearestOf(word, commands);
  const meant = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  return `there is no command ${word}${meant}: it is one of ${commands.join(', ')}`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        dot: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false, short: 'w' },
        interval: { type: 'string', default: '1', short: 'i' },
        search: { type: 'string', default: '', short: 's' },
        node: { type: 'string', default: '' },
        sort: { type: 'string', default: 'mailbox' },
        limit: { type: 'string', default: '20', short: 'n' },
        header: { type: 'string', multiple: true, default: [], short: 'H' },
        version: { type: 'boolean', default: false, short: 'v' },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** The name and password of an address are a header: `fetch` takes them nowhere else. */
function addressOf(given: string): Pick<Arguments, 'url' | 'headers'> {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw new UsageError(`${given}: an observer is at an http:// or https:// url`);
  }
  const text = scheme === undefined ? `http://${given}` : given;
  try {
    const url = new URL(text);
    const { username, password } = url;
    url.search = url.hash = url.username = url.password = '';
    const pair = [username, password].map(decodeURIComponent).join(':');
    const basic = `Basic ${Buffer.from(pair).toString('base64')}`;
    return {
      url: url.href.endsWith('/') ? url.href : `${url.href}/`,
      headers: pair === ':' ? [] : [['authorization', basic]],
    };
  } catch (error) {
    throw new UsageError(`${given} is neither a command nor a url`, { cause: error });
  }
}

function numberOf(option: string, given: string, min: number, max: number): number {
  const value = Number(given);
  if (given.trim() !== '' && value >= min && value <= max) return value;
  throw new UsageError(`${option} must be a number from ${min} to ${max}`);
}

function sortOf(given: string): SortKey {
  const key = sortKeys.find((each) => each === given);
  if (key !== undefined) return key;
  throw new UsageError(`--sort must be one of ${sortKeys.join(', ')}`);
}

function headerOf(field: string): readonly [string, string] {
  const colon = field.indexOf(':');
  if (colon > 0) return [field.slice(0, colon).trim(), field.slice(colon + 1).trim()];
  throw new UsageError(`--header must be like "name: value"`);
}
