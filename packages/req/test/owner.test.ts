import { exit, spawn } from '@linnet/otp';
import { eventually, TestClock } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { ReqOptions } from '../src/index.ts';
import { startServer } from './support/server.ts';
import { startTree } from './support/tree.ts';

test.each<[string, ReqOptions]>([
  ['a retry', { retry: 'safe_transient', retryDelay: 1000 }],
  ['the rate limit', { rateLimit: { requests: 1, per: 1000 } }],
  ['a hedged request', { hedge: { delay: 1000 } }],
])(
  'a process that is killed while its call waits for %s sends nothing more',
  async (_, options) => {
    const { req } = await startTree(options);
    const server = await startServer(({ url }, response) => {
      if (url !== '/hedged') response.writeHead(503).end();
    });
    const asked = () => server.seen.filter(({ url }) => url !== '/other').length;
    const oneTurnOfTheServer = async () => {
      for (let turn = 0; turn < 20; turn++) await fetch(`${server.url}/other`);
    };
    const clock = new TestClock().install(onTestFinished);
    const process = spawn(async () => {
      const url = options.hedge === undefined ? server.url : `${server.url}/hedged`;
      await req.get(url).catch(() => {});
      await req.get(url).catch(() => {});
    });
    await eventually(() => expect(asked()).toBe(1));
    await oneTurnOfTheServer();
    exit(process, 'kill');
    await clock.advance(1000);
    await oneTurnOfTheServer();
    expect(asked()).toBe(1);
  },
);
