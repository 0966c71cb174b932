/** Windows stay right in every end: what nobody reads goes back to the connection, what somebody may read waits for them. */
import type { ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { turn } from '../../support/eventually.ts';
import { startFlowServer } from '../../support/h2-flow-server.ts';
import { send } from '../exchange-log.ts';
import { openHttp2Wire, startHttp2Server } from './open-http2-wire.ts';

const megabyte = 1024 * 1024;

/** Sends so many bytes, as fast as they are taken, and says how many it has written. */
function pour(stream: ServerHttp2Stream, size: number, wrote: (length: number) => void): void {
  const piece = Buffer.alloc(65_536, 'x');
  let written = 0;
  const write = (): void => {
    while (written < size && !stream.destroyed) {
      written += piece.length;
      wrote(piece.length);
      if (!stream.write(piece)) {
        stream.once('drain', write);
        return;
      }
    }
    stream.end();
  };
  stream.respond({ ':status': 200 });
  write();
}

describe('the window of the connection', () => {
  test('is not worn out by 10,000 responses that are given up in mid-body', async () => {
    await using server = await startFlowServer();
    using open = await openHttp2Wire(server.port, {
      // As small as it can be, and no more resets than there are.
      connectionWindowSize: 65_535,
      streamWindowSize: 30_000,
      resetBurst: 10_001,
    });
    await open.until((wire) => wire.limitKnown);
    for (let given = 0; given < 10_000;) {
      const logs = Array.from({ length: 50 }, () => send(open.wire, { target: '/100000' }));
      for (const log of logs) {
        log.onData = () => {
          log.exchange?.abort(new Error('enough'));
          return true;
        };
      }
      for (const log of logs) expect((await log.done).error?.message).toBe('enough');
      given += logs.length;
    }
    let received = 0;
    const last = send(open.wire, { target: `/${100 * megabyte}` });
    last.onData = (_bytes, from, to) => {
      received += to - from;
      return true;
    };
    await last.done;
    expect(last.error).toBeUndefined();
    expect(received).toBe(100 * megabyte);
    expect(server.resets).toBe(10_000);
    expect(open.closings).toEqual([]);
  }, 120_000);

  test('is not held up by a response of 100 MB that nobody reads, which stays with the server', async () => {
    let written = 0;
    await using server = await startHttp2Server((stream, headers) => {
      if (headers[':path'] === '/large') {
        pour(stream, 100 * megabyte, (length) => (written += length));
      } else pour(stream, 20 * megabyte, () => {});
    });
    using open = await openHttp2Wire(server.port);
    const slow = send(open.wire, { target: '/large' });
    slow.greedy = false;
    await slow.until(() => slow.body.length > 0);
    for (let before = -1; before !== written;) {
      before = written;
      await turn(50);
    }
    expect(written).toBeLessThan(4 * megabyte);
    let received = 0;
    const other = send(open.wire);
    other.onData = (_bytes, from, to) => {
      received += to - from;
      return true;
    };
    await other.done;
    expect(received).toBe(20 * megabyte);
    expect(written).toBeLessThan(4 * megabyte);
    slow.exchange?.abort(new Error('enough'));
  });

  test('is not worn out by uploads that are answered early, or given up', async () => {
    await using server = await startHttp2Server((stream, headers) => {
      if (headers[':path'] === '/early') {
        stream.respond({ ':status': 413 });
        stream.end();
        return;
      }
      let length = 0;
      stream.on('data', (chunk: Buffer) => (length += chunk.length));
      stream.on('end', () => {
        if (stream.destroyed) return;
        stream.respond({ ':status': 200 });
        stream.end(String(length));
      });
    });
    using open = await openHttp2Wire(server.port, { resetBurst: 10_000 });
    const body = Buffer.alloc(200_000, 'x');
    for (let round = 0; round < 100; round += 1) {
      const early = send(open.wire, { method: 'POST', target: '/early', body });
      const given = send(open.wire, { method: 'POST', target: '/given', body });
      await early.done;
      expect(early.status).toBe(413);
      given.exchange?.abort(new Error('enough'));
    }
    const log = await send(open.wire, { method: 'POST', body: Buffer.alloc(10 * megabyte) }).done;
    expect(log.body).toBe(String(10 * megabyte));
  });
});
