import { expect, test } from 'vitest';
import { InvalidRequestError } from '../../../src/index.ts';
import { describeQuic } from '../../support/quic.ts';
import { meet } from './world.ts';

describeQuic('a wire of HTTP/3', () => {
  test('serves a request', async () => {
    await using world = await meet();
    const { wire, peer } = world;
    expect(wire).toMatchObject({ protocol: 'http3', limitKnown: true, usable: true, limit: 100 });
    expect(wire.info.tls).toMatchObject({ version: 'TLSv1.3', alpnProtocol: 'h3' });
    const log = world.send({ target: '/users', headers: ['Accept', 'text/plain'] });
    expect(wire).toMatchObject({ underWay: 1, served: 1 });
    const { stream, fields } = await peer.readRequest();
    expect(stream).toBe(0);
    expect([...fields]).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', `localhost:${world.server.port}`],
      [':path', '/users'],
      ['accept', 'text/plain'],
    ]);
    peer.respond(stream, 103, [['link', '</a>']]);
    peer.respond(stream, 200, [['content-type', 'text/plain']]);
    peer.data(stream, 'hello');
    peer.headers(
      stream,
      [
        ['x-sum', '5'],
        ['content-length', '5'],
      ],
      { endStream: true },
    );
    await log.done;
    expect(log.events).toEqual([
      { type: 'informational', status: 103, headers: ['link', '</a>'] },
      { type: 'headers', status: 200, headers: ['content-type', 'text/plain'] },
      { type: 'data', text: 'hello' },
      { type: 'end', trailers: ['x-sum', '5'], usable: true },
    ]);
    expect(wire.underWay).toBe(0);
    await world.serves();
  });

  test('sends many requests at once, and gives each its own response', async () => {
    await using world = await meet();
    const logs = Array.from({ length: 90 }, (_, index) => world.send({ target: `/${index}` }));
    for (let count = 0; count < 90; count++) {
      const { stream, fields } = await world.peer.readRequest();
      world.peer.answer(stream, `for ${fields.get(':path')}`);
    }
    const bodies = await Promise.all(logs.map(async ({ done }) => (await done).body));
    expect(bodies).toEqual(logs.map((_, index) => `for /${index}`));
  });

  test('sends a small body with the head of its request, and a large one as it is taken', async () => {
    await using world = await meet();
    const small = world.send({ method: 'POST', body: 'small' });
    const first = await world.peer.readRequest();
    expect(first.fields.get('content-length')).toBe('5');
    expect((await world.peer.readBody(first.stream)).toString()).toBe('small');
    world.peer.answer(first.stream);
    expect((await small.done).kinds).toEqual(['headers', 'data', 'end']);
    const body = Buffer.alloc(500_000, 'x');
    const large = world.send({ method: 'POST', body });
    const second = await world.peer.readRequest();
    expect(await world.peer.readBody(second.stream)).toEqual(body);
    world.peer.answer(second.stream, body);
    expect((await large.done).body).toHaveLength(500_000);
  });

  test('measures a round trip, and ten at once at most', async () => {
    await using world = await meet();
    const pings = Array.from({ length: 11 }, async () => world.wire.ping?.());
    await expect(pings.pop()).rejects.toThrow(InvalidRequestError);
    for (const duration of await Promise.all(pings)) expect(duration).toBeGreaterThan(0);
    expect(await world.wire.ping?.()).toBeLessThan(10_000);
  });

  test('refuses what cannot be sent, or is larger than the server takes', async () => {
    await using world = await meet({ settings: { maxFieldSectionSize: 1000 } });
    const bad = world.send({ headers: ['x', 'a\nb'] });
    expect(bad.error).toBeInstanceOf(InvalidRequestError);
    const large = world.send({ headers: ['x', 'y'.repeat(1000)] });
    expect(large.error?.message).toContain('at most 1000 bytes');
    expect(world.wire).toMatchObject({ served: 0, underWay: 0 });
    await world.serves();
  });

  test('names the alternative service that it leads to', async () => {
    await using world = await meet({ altUsed: 'alt.example:8443' });
    const log = world.send();
    const { stream, fields } = await world.peer.readRequest();
    expect(fields.get('alt-used')).toBe('alt.example:8443');
    world.peer.answer(stream);
    await log.done;
  });

  test('tells of signs of life', async () => {
    await using world = await meet();
    let signs = 0;
    world.wire.onActivity = () => (signs += 1);
    await world.serves();
    expect(signs).toBeGreaterThan(0);
  });
});
