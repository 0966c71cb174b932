/** The clients that are compared, each with its own defaults; only waits between attempts are shortened. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Finch } from '@linnet/finch';
import { create } from 'axios';
import got from 'got';
import ky from 'ky';
import { Req } from '../../src/index.ts';

const run = promisify(execFile);

/** What a client is asked to do. */
export interface Task {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What came of it. */
export type Result =
  | { readonly status: number; readonly text: string }
  | { readonly error: string };

export type Peer = (task: Task) => Promise<Result>;

const asText = (body: unknown): string =>
  typeof body === 'string'
    ? body
    : body instanceof Uint8Array
      ? Buffer.from(body).toString('latin1')
      : JSON.stringify(body);

/** A response that a client rejects with is a response for the comparison; see the row on 404. */
async function attempt(send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    const { response, name } = error as {
      response?: { status?: number; statusCode?: number };
      name: string;
    };
    const status = response?.status ?? response?.statusCode;
    return { error: status === undefined ? name : `${name} ${status}` };
  }
}

export function peersOf(finch: Finch): Readonly<Record<'Linnet' | 'got' | 'axios' | 'ky', Peer>> {
  const req = Req.new({ finch, retryDelay: 0 });
  const axios = create({ proxy: false, responseType: 'text', transformResponse: [] });
  return {
    Linnet: ({ url, ...options }) =>
      attempt(async () => {
        const { status, body } = await req.request(url, options);
        return { status, text: asText(body) };
      }),
    got: ({ url, method = 'GET', headers, body }) =>
      attempt(async () => {
        const { statusCode, body: text } = await got(url, {
          method: method as 'GET',
          ...(headers === undefined ? undefined : { headers }),
          ...(body === undefined ? undefined : { body }),
          retry: { backoffLimit: 1 },
        });
        return { status: statusCode, text };
      }),
    axios: ({ url, method = 'GET', headers, body }) =>
      attempt(async () => {
        const { status, data } = await axios.request<string>({
          url,
          method,
          ...(headers === undefined ? undefined : { headers }),
          ...(body === undefined ? undefined : { data: body }),
        });
        return { status, text: data };
      }),
    ky: ({ url, ...options }) =>
      attempt(async () => {
        const response = await ky(url, { ...options, retry: { delay: () => 1 } });
        return { status: response.status, text: await response.text() };
      }),
  };
}

/** curl with `--location --compressed`, if it is installed. */
export async function curl({ url, method, headers = {}, body }: Task): Promise<Result> {
  const args = [
    '--silent',
    '--location',
    '--compressed',
    '--write-out',
    '\n%{http_code}',
    '--max-time',
    '20',
  ];
  // As its manual says: HEAD has an option of its own, without which curl waits for a body; the
  // method of a body is POST, and follows from the redirect.
  if (method === 'HEAD') args.push('--head');
  else if (method !== undefined && (method !== 'POST' || body === undefined))
    args.push('--request', method);
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  if (body !== undefined) args.push('--data', body);
  try {
    const { stdout } = await run('curl', [...args, url], { encoding: 'latin1' });
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
  } catch (error) {
    return { error: `exit ${String((error as { code?: unknown }).code)}` };
  }
}
