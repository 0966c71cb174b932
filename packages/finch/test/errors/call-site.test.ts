import { expect, test } from 'vitest';
import type { Finch } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';

const refused = 'http://127.0.0.1:1';

async function callHere(finch: Finch): Promise<unknown> {
  return finch.get(refused).catch((error: unknown) => error);
}

async function callThere(finch: Finch): Promise<unknown> {
  return finch.stream(refused, 0, (_part, n) => n).catch((error: unknown) => error);
}

test('captureStacks: the error of a request shows the code that made it, and none of the client [N12]', async () => {
  const finch = await startFinch({ captureStacks: true, pools: { default: { size: 1 } } });
  const { stack = '' } = (await callHere(finch)) as Error;
  const [own = '', caller = ''] = stack.split('\n    --- the request was made here ---\n');
  expect(own).toMatch(/^ConnectError: /);
  expect(caller).toMatch(/^    at callHere .*call-site\.test\.ts/);
  expect(caller).not.toContain('/src/exchange/');
});

test('requests that fail by one error each show their own callers [N12]', async () => {
  const finch = await startFinch({ captureStacks: true });
  const errors = await Promise.all([callHere(finch), callThere(finch), callHere(finch)]);
  const callers = errors.map((error) => {
    expect(error).toMatchObject({ code: 'ERR_FINCH_CONNECT', name: 'ConnectError' });
    return /made here ---\n\s+at (\w+)/.exec((error as Error).stack ?? '')?.[1];
  });
  expect(callers).toEqual(['callHere', 'callThere', 'callHere']);
});

test('without it, nothing is captured', async () => {
  const finch = await startFinch();
  const { stack } = (await callHere(finch)) as Error;
  expect(stack).not.toContain('the request was made here');
});
