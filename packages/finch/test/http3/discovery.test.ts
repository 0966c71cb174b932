/** A pool that hears of HTTP/3 while it runs: how it moves over, and when it does not. */
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { expect, onTestFinished, test } from 'vitest';
import { exit, spawn, type Pid } from '@linnet/otp';
import { captureCrashReports, eventually, TestClock } from '@linnet/otp/testing';
import { isFinchError, Pool, subscribeTelemetry } from '../../src/index.ts';
import { startAnnouncedApp, type AnnouncedApp } from '../support/announced-app.ts';
import { expectNoConnections, openSlots } from '../support/app.ts';
import { rejection } from '../support/rejection.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { connectionsOf } from '../support/pool-app.ts';
import { answering, authority, startH3Server } from '../support/h3-app.ts';
import { describeQuic } from '../../../mint/test/support/quic.ts';
import { UdpRelay } from '../../../mint/test/support/udp-relay.ts';

/** A server that answers everything over HTTP/3. */
const startQuic = () => startH3Server(answering((peer, { stream }) => peer.answer(stream, 'QUIC')));

/** Waits until the pool has moved over. */
const movesOver = (app: AnnouncedApp): Promise<void> =>
  eventually(() => expect(app.finch.checkoutH3(app.pool)).toBeDefined());

/** A UDP port at which nothing answers. */
async function blackHole() {
  const socket = createSocket('udp4');
  let datagrams = 0;
  socket.on('message', () => datagrams++);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return {
    port: socket.address().port,
    get datagrams() {
      return datagrams;
    },
  };
}

/** A UDP port at which nothing listens. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** The reasons for which connections close, as they do. */
function closeReasons(): string[] {
  const reasons: string[] = [];
  onTestFinished(subscribeTelemetry('connection.closed', ({ reason }) => reasons.push(reason)));
  return reasons;
}

/** What events say of alternatives that are set aside: why, and by which error. */
function setAsides(): unknown[] {
  const all: unknown[] = [];
  onTestFinished(
    subscribeTelemetry('alternative.set_aside', ({ alternative, reason, error }) => {
      const code = isFinchError(error) ? error.code : error;
      all.push([alternative.replace(/:\d+$/, ''), reason, code]);
    }),
  );
  return all;
}

/** Counts dials. */
function countDials(): { count: number } {
  const dials = { count: 0 };
  onTestFinished(subscribeTelemetry('connect.start', () => dials.count++));
  return dials;
}

describeQuic('a pool whose server announces HTTP/3', () => {
  test.each(['http1', 'http2'] as const)(
    'moves over from %s, and the connections of before end with what they carry',
    async (over) => {
      const quic = await startQuic();
      const reasons = closeReasons();
      const app = await startAnnouncedApp({ over, announced: quic.port });
      const held = app.ask('/hold');
      await eventually(() => expect(app.held).toBe(1));
      expect((await app.ask()).text()).toBe('TCP');

      await movesOver(app);
      expect((await app.ask('/over')).text()).toBe('QUIC');

      expect(app.held).toBe(1);
      app.release();
      expect((await held).text()).toBe('TCP');
      await app.figures({ inUse: 0, idle: 1, connecting: 0 });
      await expectNoConnections(app.server.server);
      expect(new Set(reasons)).toEqual(new Set(['superseded']));
      expect(quic.peers).toHaveLength(1);
      expect(app.finch.getPoolStatus(app.pool)).toMatchObject([{ protocol: 'http3', idle: 1 }]);
    },
  );

  test('loses none of the requests that are made meanwhile, and sends none twice', async () => {
    const quic = await startQuic();
    const app = await startAnnouncedApp({ announced: quic.port });
    const count = 300;
    let overQuic = 0;
    for (let index = 0; index < count; index += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask(`/${index}`)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      overQuic += answers.filter((answer) => answer.text() === 'QUIC').length;
    }
    expect(overQuic).toBeGreaterThan(0);
    expect(app.requests.length + overQuic).toBe(count);
    expect(quic.peers).toHaveLength(1);
  });

  test('says which alternative it uses (RFC 7838, 5)', async () => {
    const said: (string | undefined)[] = [];
    const quic = await startH3Server(
      answering((peer, { stream, fields }) => {
        said.push(fields.get('alt-used'), fields.get(':authority'));
        peer.answer(stream);
      }),
    );
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    await app.ask();
    expect(said).toEqual([`localhost:${quic.port}`, `localhost:${app.server.port}`]);
  });

  test('goes to another host for it, whose certificate must be that of the origin', async () => {
    const quic = await startQuic();
    const app = await startAnnouncedApp({ announced: `h3="127.0.0.1:${quic.port}"` });
    await app.ask();
    await movesOver(app);
    expect((await app.ask()).text()).toBe('QUIC');

    const foreign = await startH3Server(answering(), { tls: authority.issue(['other.test']) });
    const wary = await startAnnouncedApp({ announced: foreign.port });
    const dials = countDials();
    await wary.ask();
    await wary.figures({ connecting: 0 });
    for (let count = 0; count < 5; count++) expect((await wary.ask()).text()).toBe('TCP');
    // It was set aside after the first attempt.
    expect(dials.count).toBe(2);
    expect(wary.finch.checkoutH3(wary.pool)).toBeUndefined();
  });

  test('knows of it for all pools of the origin, which begin with QUIC from then on', async () => {
    const quic = await startQuic();
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    const tagged = Pool.new(app.server.url, { tag: 'other' });
    const { options } = app.shard;
    await app.finch.startPool(tagged, {
      protocols: options.protocols,
      connOpts: { tls: { ca: authority.ca } },
    });
    const before = app.server.connections;
    const request = { poolTag: 'other' };
    expect((await app.finch.get(app.server.url, request)).text()).toBe('QUIC');
    expect(app.server.connections).toBe(before);
    expect(quic.peers).toHaveLength(2);
  });

  test('goes back to TCP when the announcement is taken back and the connection is gone', async () => {
    const quic = await startH3Server(
      answering((peer, { stream }) => peer.answer(stream, 'QUIC', [['alt-svc', 'clear']])),
    );
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    app.announced = undefined;
    expect((await app.ask()).text()).toBe('QUIC');
    app.finch.setTimeout(0);
    expect((await app.ask()).text()).toBe('TCP');
    expect(quic.peers).toHaveLength(1);
  });
});

describeQuic('a pool stays with TCP', () => {
  test.each([
    ['where it may not speak HTTP/3', { protocols: ['http2', 'http1'] as const }],
    ['where announcements are not to count', { http3: { altSvc: false } }],
    [
      'where the certificate of the server is not verified',
      { connOpts: { tls: { rejectUnauthorized: false } } },
    ],
  ])('%s', async (_, options) => {
    const quic = await startQuic();
    const dials = countDials();
    const app = await startAnnouncedApp({ announced: quic.port, ...options });
    for (let count = 0; count < 5; count++) expect((await app.ask()).text()).toBe('TCP');
    expect(dials.count).toBe(1);
    expect(quic.peers).toHaveLength(0);
  });

  test.each(['h3-29=":443"', 'nonsense', 'h2=":443"', 'clear'])(
    'when the server says %s',
    async (announced) => {
      const dials = countDials();
      const app = await startAnnouncedApp({ announced });
      for (let count = 0; count < 5; count++) expect((await app.ask()).text()).toBe('TCP');
      expect(dials.count).toBe(1);
    },
  );

  test('when UDP does not get through, which no request notices', async () => {
    const clock = new TestClock().install(onTestFinished);
    const hole = await blackHole();
    const app = await startAnnouncedApp({
      announced: hole.port,
      connOpts: { tls: { ca: authority.ca }, connectTimeout: 500 },
    });
    await app.ask();
    await app.figures({ connecting: 1, idle: 1 });
    // Meanwhile a caller finds all streams of the open connection.
    for (let count = 0; count < 20; count++) expect((await app.ask()).text()).toBe('TCP');
    await clock.advance(500);
    await app.figures({ connecting: 0, idle: 1 });
    expect(hole.datagrams).toBeGreaterThan(0);
    const { datagrams } = hole;
    for (let count = 0; count < 20; count++) expect((await app.ask()).text()).toBe('TCP');
    expect(app.server.connections).toBe(1);
    expect(hole.datagrams).toBe(datagrams);
  });
});

describeQuic('a pool that knows of HTTP/3 and has no connection', () => {
  /** There is a slot for one connection, which closes after each request: so each one opens its own. */
  const oneByOne = { maxPerHost: 1, connMaxIdleTime: 0 } as const;

  test('uses QUIC alone when that is open within its head start', async () => {
    const quic = await startQuic();
    const app = await startAnnouncedApp({
      announced: quic.port,
      http3: { headStart: 60_000 },
      ...oneByOne,
    });
    expect((await app.ask()).text()).toBe('TCP');
    for (let count = 0; count < 3; count++) expect((await app.ask()).text()).toBe('QUIC');
    expect(app.server.connections).toBe(1);
    expect(quic.peers).toHaveLength(3);
  });

  test('waits for one head start where UDP does not get through, and for none from then on', async () => {
    const hole = await blackHole();
    const events = setAsides();
    const app = await startAnnouncedApp({ announced: hole.port, ...oneByOne });
    await app.ask();
    expect(hole.datagrams).toBe(0);
    expect((await app.ask()).text()).toBe('TCP');
    expect(hole.datagrams).toBeGreaterThan(0);
    // What is on its way may still come.
    await eventually(() => expect(app.shard.figures.connecting).toBe(0));
    const { datagrams } = hole;
    for (let count = 0; count < 5; count++) expect((await app.ask()).text()).toBe('TCP');
    expect(hole.datagrams).toBe(datagrams);
    expect(app.server.connections).toBe(7);
    expect(events).toEqual([['localhost', 'slower', undefined]]);
  });

  test('goes to TCP at once when QUIC is refused', async () => {
    const announced = await closedPort();
    const events = setAsides();
    const app = await startAnnouncedApp({
      announced,
      http3: { headStart: 60_000 },
      ...oneByOne,
    });
    for (let count = 0; count < 3; count++) {
      expect((await app.ask('/', { requestTimeout: 10_000 })).text()).toBe('TCP');
    }
    expect(events).toEqual([['localhost', 'failed', 'ERR_FINCH_CONNECT']]);
  });

  test('fails as TCP does when neither can be opened, which says nothing of QUIC', async () => {
    const announced = await closedPort();
    const events = setAsides();
    const app = await startAnnouncedApp({ announced, ...oneByOne });
    await app.ask();
    await app.server.close();
    expect(await rejection(app.ask())).toMatchObject({
      code: 'ERR_FINCH_CONNECT',
      reason: 'ECONNREFUSED',
    });
    expect(events).toEqual([]);
  });
});

describeQuic('what ends while QUIC and TCP race', () => {
  /** A pool that knows of HTTP/3 at a port that does not answer, and whose QUIC has all the time there is. */
  async function racing() {
    const hole = await blackHole();
    const app = await startAnnouncedApp({
      announced: hole.port,
      maxPerHost: 1,
      connMaxIdleTime: 0,
      http3: { headStart: 60_000 },
      connOpts: { tls: { ca: authority.ca }, connectTimeout: 60_000 },
    });
    await app.ask();
    const asked = rejection(app.ask('/', { requestTimeout: 50_000 }));
    await eventually(() => expect(hole.datagrams).toBeGreaterThan(0));
    await app.figures({ connecting: 1 });
    return { app, asked };
  }

  test('the process of the pool, leaves nothing behind: the caller waits for the next one', async () => {
    using _crashes = captureCrashReports();
    const { app, asked } = await racing();
    const dials = countDials();
    const pool = requireInstance(app.name).pool(app.pool.key);
    exit(pool?.processOf(app.shard) as Pid, 'kill');
    await eventually(() => expect(dials.count).toBe(1));
    await app.figures({ connecting: 1 });
    await app.supervisor.stop();
    await asked;
  });

  test('the instance, leaves nothing behind', async () => {
    const { app, asked } = await racing();
    await app.supervisor.stop();
    expect(await asked).toMatchObject({ code: 'ERR_FINCH_INSTANCE_NOT_FOUND' });
  });

  test('the process of the connection, leaves nothing behind: another one is begun', async () => {
    using _crashes = captureCrashReports();
    const { app, asked } = await racing();
    const dials = countDials();
    const [opening] = await connectionsOf(app.finch, app.pool.key);
    exit(opening as Pid, 'kill');
    await eventually(() => expect(dials.count).toBe(1));
    await app.figures({ connecting: 1 });
    expect(openSlots(app.finch)).toBe(1);
    await app.supervisor.stop();
    await asked;
  });

  test('the caller, leaves the connection to others', async () => {
    const { app, asked } = await racing();
    const caller = spawn(() => app.ask().catch(() => {}));
    await app.figures({ connecting: 1 });
    exit(caller, 'kill');
    await app.figures({ connecting: 1 });
    await app.supervisor.stop();
    await asked;
  });
});

describeQuic('a network that lets handshakes through, and falls silent on what follows', () => {
  test.each([
    ['the idle time', { idleTimeout: 1000 }],
    ['a PING', { pingInterval: 100, pingTimeout: 100 }],
  ])('is found by %s, and the next requests go over TCP', async (_, http3) => {
    const events = setAsides();
    const quic = await startQuic();
    await using relay = await UdpRelay.start(quic.port);
    const app = await startAnnouncedApp({ announced: relay.port, http3 });
    await app.ask();
    await movesOver(app);
    expect((await app.ask()).text()).toBe('QUIC');
    relay.isSilent = true;
    const lost = await rejection(app.finch.post(app.server.url, 'a body'));
    expect(lost).toMatchObject({ code: 'ERR_FINCH_CONNECTION_CLOSED', requestSent: true });
    relay.isSilent = false;
    for (let count = 0; count < 3; count++) expect((await app.ask()).text()).toBe('TCP');
    expect(events).toEqual([['localhost', 'failed', 'ERR_FINCH_CONNECTION_CLOSED']]);
  });

  test('is not, while it has no request to carry', async () => {
    const events = setAsides();
    const quic = await startQuic();
    const app = await startAnnouncedApp({ announced: quic.port, http3: { idleTimeout: 1000 } });
    await app.ask();
    await movesOver(app);
    expect((await app.ask()).text()).toBe('QUIC');
    await app.figures({ idle: 0 });
    expect((await app.ask()).text()).toBe('QUIC');
    expect(events).toEqual([]);
  });
});

describeQuic('a server that refuses HTTP/3 request by request', () => {
  test('by 421: the request is sent again over TCP, and the alternative is set aside', async () => {
    const reasons = closeReasons();
    const events = setAsides();
    const quic = await startH3Server(
      answering(async (peer, { stream }) => {
        await peer.readBody(stream);
        peer.respond(stream, 421, [['alt-svc', 'h3=":1"']], { endStream: true });
      }),
    );
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    const answer = await app.finch.post(app.server.url, 'a body');
    expect([answer.status, answer.text()]).toEqual([200, 'TCP']);
    expect((await app.ask()).text()).toBe('TCP');
    expect(quic.peers).toHaveLength(1);
    await eventually(() => expect(reasons).toContain('misdirected'));
    expect(events).toEqual([['localhost', 'misdirected', undefined]]);
  });

  test('by 421 for a body that is gone: the caller gets it', async () => {
    const quic = await startH3Server(
      answering(async (peer, { stream }) => {
        await peer.readBody(stream);
        peer.respond(stream, 421, [], { endStream: true });
      }),
    );
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    const body = (function* () {
      yield 'once';
    })();
    expect((await app.finch.post(app.server.url, body)).status).toBe(421);
    expect((await app.ask()).text()).toBe('TCP');
  });

  test('by H3_VERSION_FALLBACK: it is sent again over HTTP/1.1, which the server gets from then on', async () => {
    const quic = await startH3Server(
      answering((peer, { stream }) => peer.reset(stream, 'H3_VERSION_FALLBACK')),
    );
    const app = await startAnnouncedApp({ announced: quic.port });
    await app.ask();
    await movesOver(app);
    expect((await app.ask()).text()).toBe('TCP');
    expect(app.finch.getPoolStatus(app.pool)).toMatchObject([{ protocol: 'http1' }]);
    for (let count = 0; count < 5; count++) expect((await app.ask()).text()).toBe('TCP');
    expect(quic.peers).toHaveLength(1);
  });
});
