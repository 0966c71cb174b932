/** What is compared: each case asks every client the same, and says in a few words what it did. */
import type { TestServer } from '../support/server.ts';
import { howDecoded } from './origin.ts';
import type { Peer, Result } from './peers.ts';

export interface Case {
  readonly topic: string;
  readonly title: string;
  readonly ask: (peer: Peer, origin: TestServer, other: TestServer) => Promise<string>;
}

/** What the last request to a server was, as its answer shows it. */
interface Echo {
  readonly method: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const failed = (result: Result): string | undefined => ('error' in result ? 'error' : undefined);

function echoOf(result: Result): Echo | undefined {
  return 'error' in result || result.status !== 200 ? undefined : (JSON.parse(result.text) as Echo);
}

function redirected(status: number, method: string, body?: string): Case {
  return {
    topic: 'Redirects',
    title: `${status} after ${method}`,
    ask: async (peer, origin) => {
      const url = `${origin.url}/redirect/${status}?to=/end`;
      const headers = { 'content-type': 'text/plain' };
      await peer(body === undefined ? { url, method } : { url, method, headers, body });
      const last = origin.seen.at(-1);
      if (last?.url !== '/end') return 'not followed';
      const hasBody = last.body.length > 0;
      const keepsType = !hasBody && last.headers['content-type'] === 'text/plain';
      return `${last.method}${hasBody ? ' with body' : ''}${keepsType ? ', type kept' : ''}`;
    },
  };
}

function crossing(name: string, value: string): Case {
  return {
    topic: 'Credentials',
    title: `header \`${name}\`, redirect to another origin`,
    ask: async (peer, { url }, other) => {
      const to = encodeURIComponent(`${other.url}/end`);
      const echo = echoOf(
        await peer({ url: `${url}/redirect/302?to=${to}`, headers: { [name]: value } }),
      );
      if (echo === undefined) return 'error';
      return echo.headers[name] === value ? 'sent' : 'dropped';
    },
  };
}

function counted(title: string, path: string, method: string, body?: string): Case {
  return {
    topic: 'Retry',
    title,
    ask: async (peer, origin) => {
      const before = origin.seen.length;
      const asked = {
        url: origin.url + path,
        method,
        ...(body === undefined ? undefined : { body }),
      };
      await peer(asked);
      const times = origin.seen.length - before;
      return times === 1 ? 'once' : `${times} times`;
    },
  };
}

function decoded(name: string, title: string): Case {
  return {
    topic: 'Decompression',
    title,
    ask: async (peer, { url }) => {
      const result = await peer({ url: `${url}/encoded/${encodeURIComponent(name)}` });
      return failed(result) ?? ('text' in result ? howDecoded(result.text) : '');
    },
  };
}

export const cases: readonly Case[] = [
  redirected(301, 'POST', 'x'),
  redirected(302, 'POST', 'x'),
  redirected(302, 'PUT', 'x'),
  redirected(303, 'PUT', 'x'),
  redirected(303, 'HEAD'),
  redirected(307, 'POST', 'x'),
  redirected(308, 'PUT', 'x'),
  {
    topic: 'Redirects',
    title: 'a circle of redirects',
    ask: async (peer, origin) => {
      const before = origin.seen.length;
      const result = await peer({ url: `${origin.url}/circle` });
      return `${failed(result) ?? 'response'} after ${origin.seen.length - before - 1}`;
    },
  },
  {
    topic: 'Redirects',
    title: 'to `file:`',
    ask: async (peer, { url }) =>
      failed(await peer({ url: `${url}/redirect/302?to=file:///etc/hostname` })) ?? 'response',
  },
  crossing('authorization', 'Bearer t'),
  crossing('cookie', 'a=1'),
  crossing('x-api-key', 'k'),
  {
    topic: 'Credentials',
    title: 'in the URL, `http://user:password@…`',
    ask: async (peer, { url }) => {
      const echo = echoOf(await peer({ url: url.replace('//', '//user:password@') }));
      if (echo === undefined) return 'error';
      return echo.headers['authorization'] === undefined ? 'ignored' : 'sent';
    },
  },
  {
    topic: 'Cookies',
    title: 'kept without being asked to',
    ask: async (peer, { url }) => {
      await peer({ url: `${url}/?cookie` });
      return echoOf(await peer({ url }))?.headers['cookie'] === undefined ? 'no' : 'yes';
    },
  },
  counted('GET, 503', '/status/503', 'GET'),
  counted('GET, 500', '/status/500', 'GET'),
  counted('GET, 429', '/status/429', 'GET'),
  counted('PUT, 503', '/status/503', 'PUT', 'x'),
  counted('POST, 503', '/status/503', 'POST', 'x'),
  counted('GET, connection cut off', '/cut', 'GET'),
  counted('POST, connection cut off', '/cut', 'POST', 'x'),
  {
    topic: 'Retry',
    title: '`Retry-After: 1`',
    ask: async (peer, origin) => {
      const before = origin.seen.length;
      const started = performance.now();
      await peer({ url: `${origin.url}/later` });
      const times = origin.seen.length - before;
      if (times === 1) return 'not sent again';
      return performance.now() - started >= 950 * (times - 1) ? 'waited for' : 'not waited for';
    },
  },
  decoded('gzip', 'gzip'),
  decoded('deflate', 'deflate, as RFC 9110 has it (zlib)'),
  decoded('deflate-raw', 'deflate, bare'),
  decoded('br', 'br'),
  decoded('zstd', 'zstd'),
  decoded('gzip, br', 'gzip and then br'),
  decoded('truncated', 'gzip that is cut off'),
  decoded('surplus', 'gzip, and other bytes after its end'),
  decoded('unknown', 'a coding that is not known'),
  {
    topic: 'Responses',
    title: 'status 404',
    ask: async (peer, { url }) => failed(await peer({ url: `${url}/status/404` })) ?? 'response',
  },
];
