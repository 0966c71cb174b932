/** Bodies in both directions: large ones, slow ones, and such as never end. */
import { eventually } from '@linnet/otp/testing';
import { expect, it } from 'vitest';
import { Finch, type ResponsePart } from '../../../src/index.ts';
import { startFinch } from '../../support/finch.ts';
import {
  bodyOf,
  digestOf,
  fileLengths,
  isBody,
  isBodySlowly,
  large,
  piece,
  piecesOf,
  turn,
} from '../bodies.ts';
import type { WebServer } from '../web-server.ts';

/** A large body in pieces, which counts how much of it was taken. */
function pieces(total = large) {
  const taken = { bytes: 0 };
  async function* generate(): AsyncGenerator<Uint8Array> {
    for (const bytes of piecesOf(total)) {
      taken.bytes += bytes.length;
      yield bytes;
    }
  }
  return { body: generate(), taken };
}

export function bodies(server: () => WebServer): void {
  it.each(fileLengths)('reads a file of %i bytes', async (length) => {
    const finch = await startFinch();
    const { status, headers, body } = await finch.get(`${server().url}/file/${length}`);
    expect([status, headers.get('content-length'), body.length]).toEqual([
      200,
      `${length}`,
      length,
    ]);
    expect(isBody(body, length)).toBe(true);
  });

  it('reads a large body in chunks, and uses the connection again', async () => {
    const finch = await startFinch();
    const { headers, body } = await finch.get(`${server().url}/origin/chunked/${large}`);
    expect(headers.get('transfer-encoding')).toBe('chunked');
    expect(isBody(body, large)).toBe(true);
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
    expect(finch.count()).toBe(1);
  });

  it('streams a large body to a slow reader, on a connection that is used again', async () => {
    const finch = await startFinch();
    const { body } = await finch.open(`${server().url}/file/${large}`);
    expect(await isBodySlowly(body, large)).toBe(true);
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
    expect(finch.count()).toBe(1);
  });

  it('closes the connection of a reader who leaves in the middle, and serves the next one', async () => {
    const finch = await startFinch({ pools: { default: { size: 1 } } });
    for await (const chunk of (await finch.open(`${server().url}/file/${large}`)).body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it.each([
    ['of a known length', () => bodyOf(large)],
    ['in chunks', () => pieces().body],
  ])('sends a large body %s', async (_title, body) => {
    const finch = await startFinch();
    const response = await finch.put(`${server().url}/origin/digest`, body());
    expect(response.json()).toEqual(digestOf(large));
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it('takes no more of a body from its caller than somebody reads', async () => {
    const finch = await startFinch();
    const total = 3 * large;
    const { body, taken } = pieces(total);
    const pending = finch.put(`${server().url}/origin/hold`, body);
    // It goes on until all buffers on the way are full.
    for (let before = -1; before !== taken.bytes;) {
      before = taken.bytes;
      for (let count = 0; count < 20; count++) await finch.get(`${server().url}/whoami`);
    }
    expect(taken.bytes).toBeLessThan(total);
    // The server behind the server may not have the request yet.
    await eventually(async () => {
      expect((await finch.get(`${server().url}/origin/release`)).text()).toBe('1');
    });
    expect((await pending).json()).toEqual(digestOf(total));
  });

  it('ends with the error of a body that breaks off, and serves the next request', async () => {
    const finch = await startFinch();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bodyOf(piece);
      await turn();
      throw new Error('the disk is gone');
    }
    await expect(finch.put(`${server().url}/origin/digest`, broken())).rejects.toThrow(
      'the disk is gone',
    );
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it('reads a body that comes bit by bit', async () => {
    const finch = await startFinch();
    const data: string[] = [];
    await finch.stream(`${server().url}/origin/trickle/5`, undefined, (part) => {
      if (part.type === 'data') data.push(Buffer.from(part.data).toString());
      return undefined;
    });
    expect(data.join('')).toBe('5;4;3;2;1;');
  });

  it('gives a server up that falls silent, and serves the next request', async () => {
    const finch = await startFinch();
    await expect(
      finch.get(`${server().url}/origin/silence`, { receiveTimeout: 300 }),
    ).rejects.toMatchObject({ code: 'ERR_FINCH_RECEIVE_TIMEOUT' });
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it('hears from the server that somebody broke off before the response', async () => {
    const finch = await startFinch();
    expect((await finch.get(`${server().url}/origin/reset/head`)).status).toBe(502);
  });

  it('does not take a body for complete that was broken off', async () => {
    const finch = await startFinch();
    await expect(finch.get(`${server().url}/origin/reset/body`)).rejects.toMatchObject({
      code: 'ERR_FINCH_CONNECTION_CLOSED',
      requestSent: true,
    });
    expect((await finch.get(`${server().url}/whoami`)).status).toBe(200);
  });

  it('waits for `100 Continue` before it sends a body that it announced', async () => {
    const finch = await startFinch();
    const { body, taken } = pieces(piece);
    const url = `${server().url}/origin/digest`;
    const request = Finch.build('POST', url, { expect: '100-continue' }, body);
    const seen: string[] = [];
    let json = '';
    await finch.stream(request, undefined, (part: ResponsePart) => {
      if ('status' in part) seen.push(`${part.status} after ${taken.bytes}`);
      if (part.type === 'data') json += Buffer.from(part.data).toString();
      return undefined;
    });
    // A proxy may say it for itself, and hand on what the server behind it says.
    expect(seen[0]).toBe('100 after 0');
    expect(seen.at(-1)).toBe(`200 after ${piece}`);
    expect(JSON.parse(json)).toEqual(digestOf(piece));
  });
}
