import { createAuthority } from '@linnet/mint/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionOptions, Finch, PoolOptions } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer, type HttpServer } from '../../../mint/test/support/http-server.ts';
import { Folder, freePorts, Program, whyToSkip } from './program.ts';

const authority = createAuthority();
const { ca } = authority;

let plain: HttpServer;
let secure: HttpServer;

beforeAll(async () => {
  const tls = authority.issue(['localhost', '127.0.0.1']);
  plain = await startHttpServer((request, answer) => request.pipe(answer));
  secure = await startHttpServer((request, answer) => request.pipe(answer), { tls });
});
afterAll(async () => {
  await Promise.all([plain.close(), secure.close()]);
});

const finchThrough = (
  proxy: ConnectionOptions['proxy'],
  options: PoolOptions = {},
): Promise<Finch> =>
  startFinch({ pools: { default: { ...options, connOpts: { tls: { ca }, proxy } } } });

/** Sends bodies of many sizes to both servers and wants them back. */
async function expectEcho(finch: Finch): Promise<void> {
  for (const { url } of [plain, secure]) {
    for (const size of [0, 1, 70_000, 3_000_000]) {
      const body = Buffer.alloc(size, 'linnet');
      const response = await finch.post(`${url}/path`, body);
      expect(response.status).toBe(200);
      expect(Buffer.from(response.body).equals(body)).toBe(true);
    }
  }
}

/** As it ends connections after each response that it forwards, without saying so. */
const once = { maxRequestsPerConnection: 1 };

const noTinyproxy = whyToSkip({ tinyproxy: 'tinyproxy-bin' });

describe.skipIf(noTinyproxy !== '')(`with tinyproxy as the proxy${noTinyproxy}`, () => {
  let folder: Folder;
  let open: Program;
  let closed: Program;
  let port: number;
  let closedPort: number;

  const start = (name: string, listen: number, lines: readonly string[]): Promise<Program> => {
    const text = [`Port ${listen}`, 'Listen 127.0.0.1', 'Timeout 60', 'LogLevel Warning', ...lines];
    const file = folder.write(`${name}.conf`, `${text.join('\n')}\n`);
    return Program.start({ command: ['tinyproxy', '-d', '-c', file], folder, listens: [listen] });
  };

  beforeAll(async () => {
    folder = new Folder('tinyproxy');
    [port = 0, closedPort = 0] = await freePorts(2);
    open = await start('open', port, []);
    closed = await start('closed', closedPort, [
      'BasicAuth ann s3cret',
      `ConnectPort ${secure.port}`,
    ]);
  });
  afterAll(async () => {
    await Promise.all([open.stop(), closed.stop()]);
    folder[Symbol.dispose]();
  });

  it('[F121] [M45] [M46] forwards to http:// and tunnels to https://', async () => {
    await expectEcho(await finchThrough(`http://127.0.0.1:${port}`, once));
  });

  it('[M45] sends what is idempotent again when the proxy has ended the connection', async () => {
    const finch = await finchThrough(`http://127.0.0.1:${port}`);
    for (let count = 0; count < 50; count++) {
      const body = `body ${count}`;
      expect((await finch.put(plain.url, body)).text()).toBe(body);
    }
  });

  it('tunnels to http://, too, and serves many at a time', async () => {
    const finch = await finchThrough({ url: `http://127.0.0.1:${port}`, tunnel: true });
    await expectEcho(finch);
    const bodies = Array.from({ length: 40 }, (_, index) => `body ${index}`);
    const responses = await Promise.all(bodies.map((body) => finch.post(plain.url, body)));
    expect(responses.map((response) => response.text())).toEqual(bodies);
  });

  it('[M45] [M46] is let in with user and password', async () => {
    await expectEcho(await finchThrough(`http://ann:s3cret@127.0.0.1:${closedPort}`, once));
  });

  it('[M46] is told 407 without them', async () => {
    const finch = await finchThrough(`http://127.0.0.1:${closedPort}`);
    await expect(finch.get(secure.url)).rejects.toMatchObject({
      code: 'ERR_FINCH_PROXY',
      reason: 'authentication_required',
      status: 407,
    });
    expect((await finch.get(plain.url)).status).toBe(407);
  });

  it('[M46] is refused a tunnel to a port that is not allowed', async () => {
    const finch = await finchThrough(`http://ann:s3cret@127.0.0.1:${closedPort}`);
    await expect(finch.get('https://localhost:1/')).rejects.toMatchObject({
      code: 'ERR_FINCH_PROXY',
      reason: 'refused',
      status: 403,
    });
  });

  it('[M46] is told when the proxy cannot reach the server', async () => {
    const [nobody = 0] = await freePorts(1);
    const finch = await finchThrough(`http://127.0.0.1:${port}`);
    await expect(finch.get(`https://localhost:${nobody}/`)).rejects.toMatchObject({
      code: 'ERR_FINCH_PROXY',
      reason: 'refused',
    });
  });
});

const noMicrosocks = whyToSkip({ microsocks: 'microsocks' });

describe.skipIf(noMicrosocks !== '')(`with microsocks as the proxy${noMicrosocks}`, () => {
  let folder: Folder;
  let open: Program;
  let closed: Program;
  let port: number;
  let closedPort: number;

  beforeAll(async () => {
    folder = new Folder('microsocks');
    [port = 0, closedPort = 0] = await freePorts(2);
    const at = (listen: number): [string, ...string[]] => [
      'microsocks',
      '-i',
      '127.0.0.1',
      '-p',
      `${listen}`,
    ];
    open = await Program.start({ command: at(port), folder, listens: [port] });
    closed = await Program.start({
      command: [...at(closedPort), '-u', 'ann', '-P', 's3cret'],
      folder,
      listens: [closedPort],
    });
  });
  afterAll(async () => {
    await Promise.all([open.stop(), closed.stop()]);
    folder[Symbol.dispose]();
  });

  it.each(['socks5', 'socks5h'])('tunnels to http:// and https:// by %s', async (scheme) => {
    await expectEcho(await finchThrough(`${scheme}://127.0.0.1:${port}`));
  });

  it('is let in with user and password', async () => {
    await expectEcho(await finchThrough(`socks5h://ann:s3cret@127.0.0.1:${closedPort}`));
  });

  it.each([
    ['authentication_required', ''],
    ['authentication_failed', 'ann:wrong@'],
  ])('is told: %s, with %j', async (reason, userinfo) => {
    const finch = await finchThrough(`socks5h://${userinfo}127.0.0.1:${closedPort}`);
    await expect(finch.get(secure.url)).rejects.toMatchObject({ code: 'ERR_FINCH_PROXY', reason });
  });

  it('is told when the proxy cannot reach the server', async () => {
    const [nobody = 0] = await freePorts(1);
    const finch = await finchThrough(`socks5h://127.0.0.1:${port}`);
    await expect(finch.get(`https://localhost:${nobody}/`)).rejects.toMatchObject({
      code: 'ERR_FINCH_PROXY',
      reason: 'refused',
      detail: 'ConnectionRefused',
    });
  });
});
