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

/** What ends what curl prints of a task, before its exit code and the status. */
const endOfTask = '\n--- the end of a task: ';

interface Asked {
  readonly task: Task;
  readonly answer: (result: Result) => void;
}

const asked: Asked[] = [];

/**
 * curl with `--location --compressed`, if it is installed. It runs once for all that is asked in one turn of the
 * event loop, with options of its own for each: to start it takes longer than to do what it is asked.
 */
export function curl(task: Task): Promise<Result> {
  return new Promise((answer) => {
    if (asked.push({ task, answer }) === 1) setImmediate(() => void runCurl(asked.splice(0)));
  });
}

async function runCurl(all: readonly Asked[]): Promise<void> {
  const args = all.flatMap(({ task }, index) => [
    ...(index === 0 ? [] : ['--next']),
    ...curlOptions(task),
  ]);
  // It ends with the exit code of the last task.
  const { stdout } = await run('curl', args, { encoding: 'latin1' }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  let at = 0;
  for (const { answer } of all) {
    const end = stdout.indexOf(endOfTask, at);
    const next = stdout.indexOf('\n', end + 1);
    const [exitCode, status] = stdout.slice(end + endOfTask.length, next).split(' ');
    const text = stdout.slice(at, end);
    answer(exitCode === '0' ? { status: Number(status), text } : { error: `exit ${exitCode}` });
    at = next + 1;
  }
}

function curlOptions({ url, method, headers = {}, body }: Task): string[] {
  const args = ['--silent', '--location', '--compressed', '--max-time', '20'];
  args.push('--write-out', `${endOfTask}%{exitcode} %{http_code}\n`);
  // As its manual says: HEAD has an option of its own, without which curl waits for a body; the
  // method of a body is POST, and follows from the redirect.
  if (method === 'HEAD') args.push('--head');
  else if (method !== undefined && (method !== 'POST' || body === undefined))
    args.push('--request', method);
  for (const [name, value] of Object.entries(headers)) args.push('--header', `${name}: ${value}`);
  if (body !== undefined) args.push('--data', body);
  return [...args, url];
}
