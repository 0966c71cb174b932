/** HTTP/3 with the server of ngtcp2, which can lose packets, ask for Retry and keep its limits small. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quicAvailable } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { Folder, freePorts, Program, whyToSkip } from '../support/program.ts';
import { UdpRelay } from '../support/udp-relay.ts';
import { open, Reading, sendAll } from './http3-client.ts';
import { untilQuic } from './until-quic.ts';

const missing = whyToSkip({ gtlsserver: 'ngtcp2-server' });
const isPossible = missing === '' && (await quicAvailable());

const large = Buffer.alloc(5_000_000, 'The quick brown fox. ');

describe.skipIf(!isPossible)(`HTTP/3 with gtlsserver${missing}`, () => {
  let folder: Folder;
  let tls: { ca: string };
  const programs: Program[] = [];

  /** Starts a server with these options; returns its port. */
  async function start(...options: readonly string[]): Promise<number> {
    const [port = 0] = await freePorts(1);
    const files = [folder.at('server.key'), folder.at('server.crt')] as const;
    const where = ['--htdocs', folder.at('www'), '127.0.0.1', String(port), ...files];
    const command = ['gtlsserver', '--quiet', ...options, ...where] as const;
    programs.push(await Program.start({ command, folder, listens: [], stopSignal: 'SIGKILL' }));
    await untilQuic(port, folder.ca);
    return port;
  }

  beforeAll(() => {
    folder = new Folder('gtlsserver');
    folder.issue(['localhost', '127.0.0.1']);
    folder.write('www/index.html', 'hello');
    folder.write('www/large', large);
    tls = { ca: folder.ca };
  });

  afterAll(async () => {
    await Promise.all(programs.map((program) => program.stop()));
    folder[Symbol.dispose]();
  });

  test('GET and POST, and 300 requests over the limit of 100', async () => {
    const connection = await open(await start(), { tls });
    const got = await connection.request({ method: 'GET', target: '/' });
    expect([got.status, got.body.toString()]).toEqual([200, 'hello']);
    const posted = await connection.request({ method: 'POST', target: '/', body: large });
    expect(posted.status).toBe(200);
    const requests = Array.from({ length: 300 }, () => ({ method: 'GET', target: '/' }));
    const answers = await sendAll(connection, requests);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(300);
  });

  test('5 MB down and up where every twentieth packet is lost each way, after Retry', async () => {
    // The window of a stream stays as it is: up to 0.18, ngtcp2 forgets that it has enlarged one when
    // the frame that says so is too long for the rest of a packet, and then closes the connection with
    // FLOW_CONTROL_ERROR because that window is used (its commit 2da36d2f, in 0.19).
    const lossy = ['--tx-loss=0.05', '--rx-loss=0.05', '--max-stream-window=0'];
    const port = await start(...lossy, '--validate-addr');
    const connection = await open(port, { tls, connectTimeout: 20_000 });
    const [down, up] = await Promise.all([
      connection.request({ method: 'GET', target: '/large' }),
      connection.request({ method: 'POST', target: '/', body: large }),
    ]);
    expect(down.body.equals(large)).toBe(true);
    expect(up.status).toBe(200);
  });

  test('a client whose address changes in the middle of a download (NAT) goes on', async () => {
    const port = await start();
    await using relay = await UdpRelay.start(port);
    const connection = await open(relay.port, { tls, streamWindowSize: 65_536 });
    const reading = new Reading(connection, { method: 'GET', target: '/large' });
    reading.isPaused = true;
    await eventually(() => expect(reading.length).toBeGreaterThan(0));
    await relay.rebind();
    reading.isPaused = false;
    reading.exchange.resume();
    expect(await reading.outcome).toBeUndefined();
    expect(reading.length).toBe(large.length);
    const posted = await connection.request({ method: 'POST', target: '/', body: large });
    expect(posted.status).toBe(200);
  });

  test('windows and limits on streams that are small', async () => {
    const port = await start(
      '--max-streams-bidi=2',
      '--max-data=20K',
      '--max-stream-data-bidi-remote=5K',
      '--max-window=20K',
      '--max-stream-window=5K',
    );
    const connection = await open(port, { tls });
    expect(connection.wire.limit).toBe(2);
    const body = Buffer.alloc(50_000);
    const requests = Array.from({ length: 10 }, () => ({ method: 'POST', target: '/', body }));
    const answers = await sendAll(connection, requests);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  });

  test('a response that comes before the body, whose sending the server stops', async () => {
    const connection = await open(await start('--early-response'), { tls });
    const early = await connection.request({ method: 'POST', target: '/', body: large });
    expect([early.status, early.body.toString()]).toEqual([200, 'hello']);
    expect((await connection.request({ method: 'GET', target: '/' })).status).toBe(200);
  });

  test('trailers', async () => {
    const connection = await open(await start('--send-trailers'), { tls });
    const { trailers } = await connection.request({ method: 'GET', target: '/' });
    expect(trailers.isEmpty).toBe(false);
  });

  test('a certificate for another host is not taken', async () => {
    const elsewhere = open(await start(), { tls, servername: 'example.com' });
    await expect(elsewhere).rejects.toMatchObject({ reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('an abort leaves the connection to others', async () => {
    const connection = await open(await start(), { tls });
    const reading = new Reading(connection, { method: 'GET', target: '/large' });
    await eventually(() => expect(reading.length).toBeGreaterThan(0));
    reading.exchange.abort(new Error('enough'));
    expect(await reading.outcome).toMatchObject({ message: 'enough' });
    expect((await connection.request({ method: 'GET', target: '/' })).body.toString()).toBe(
      'hello',
    );
  });

  test('a server whose idle time is short keeps a connection with a request that is slow', async () => {
    const connection = await open(await start('--timeout=1s'), {
      tls,
      streamWindowSize: 65_536,
    });
    const slow = new Reading(connection, { method: 'GET', target: '/large' });
    slow.isPaused = true;
    await eventually(() => expect(slow.length).toBeGreaterThan(0));
    const idle = await open(Number(connection.info.remotePort), { tls });
    await idle.closed;
    slow.isPaused = false;
    slow.exchange.resume();
    expect(await slow.outcome).toBeUndefined();
    expect(slow.length).toBe(large.length);
  });
});
