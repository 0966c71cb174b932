import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../support/http-server.ts';
import { ExchangeLog } from '../exchange-log.ts';
import { openWire } from '../open-wire.ts';

test('calls handlers outside the async context of whoever dialled or sent', async () => {
  await using server = await startHttpServer((request, reply) => {
    reply.writeEarlyHints({ link: '</a>; rel=preload' });
    reply.end(request.url);
  });
  const storage = new AsyncLocalStorage<string>();
  using open = await storage.run('dialler', () => openWire(server.port));
  const seen: unknown[] = [];
  for (const requester of ['first', 'second', 'third']) {
    const log = new ExchangeLog(open.wire);
    const note = (): void => {
      seen.push(storage.getStore());
    };
    const { onHeaders, onData } = log;
    log.onInformational = note;
    log.onHeaders = (...given) => {
      note();
      onHeaders.apply(log, given);
    };
    log.onData = (...given) => {
      note();
      return onData.apply(log, given);
    };
    log.atEnd = note;
    storage.run(requester, () => {
      open.wire.send({ method: 'GET', target: '/', headers: [] }, log);
    });
    await log.done;
  }
  expect(seen).toHaveLength(12);
  expect(new Set(seen)).toEqual(new Set([undefined]));
  const closed = new Promise((resolve) => {
    open.wire.onClosed = () => resolve(storage.getStore());
  });
  storage.run('closer', () => open.wire.destroy());
  await closed;
});
