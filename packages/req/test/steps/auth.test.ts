import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loginFor } from '../../src/auth/netrc.ts';
import { AuthError, cachedAuth, type Auth } from '../../src/index.ts';
import { startReq } from '../support/client.ts';
import { rejection } from '../../../finch/test/support/rejection.ts';
import { json, startServer } from '../support/server.ts';

/** Answers with the credentials, and 401 to those that it does not know. */
const guard = (good: (authorization: string | undefined) => boolean) =>
  startServer(({ headers }, response) =>
    json(response, headers.authorization ?? null, good(headers.authorization) ? 200 : 401),
  );

test.each([
  [{ basic: 'user:pässword' }, `Basic ${Buffer.from('user:pässword').toString('base64')}`],
  [
    { basic: { username: 'a', password: 'b:c' } },
    `Basic ${Buffer.from('a:b:c').toString('base64')}`,
  ],
  [{ bearer: 'token' }, 'Bearer token'],
  ['Custom value', 'Custom value'],
  [() => ({ bearer: 'made' }), 'Bearer made'],
  [async () => Promise.resolve('late'), 'late'],
  [() => undefined, null],
  [false, null],
] satisfies [Auth | false, string | null][])('auth %j is sent as %s', async (auth, sent) => {
  const req = await startReq({ auth });
  const server = await guard(() => true);
  expect((await req.get(server.url)).body).toBe(sent);
});

test('a header of the request comes first', async () => {
  const req = await startReq({ auth: { bearer: 'client' } });
  const server = await guard(() => true);
  expect((await req.get(server.url, { headers: { Authorization: 'own' } })).body).toBe('own');
});

test('netrc: the login of the host, from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-req-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const netrc = join(folder, 'netrc');
  writeFileSync(netrc, 'machine 127.0.0.1\n  login ada\n  password secret\n');
  const req = await startReq({ auth: { netrc } });
  const server = await guard(() => true);
  expect((await req.get(server.url)).body).toBe(
    `Basic ${Buffer.from('ada:secret').toString('base64')}`,
  );
  const missing = await rejection(req.get(server.url, { auth: { netrc: join(folder, 'none') } }));
  expect(missing).toBeInstanceOf(AuthError);
  expect(missing).toMatchObject({ code: 'ERR_REQ_AUTH', reason: 'netrc' });
});

test.each([
  ['machine h login a password b', 'h', { login: 'a', password: 'b' }],
  [
    'machine other login x password y machine H login a password b',
    'h',
    { login: 'a', password: 'b' },
  ],
  ['default login a password b', 'h', { login: 'a', password: 'b' }],
  ['machine h account c login a password "b \\" c"', 'h', { login: 'a', password: 'b " c' }],
  [
    '# machine h login x password y\nmachine h login a password b',
    'h',
    { login: 'a', password: 'b' },
  ],
  [
    'macdef init\nmachine h login x password y\n\nmachine h login a password b',
    'h',
    { login: 'a', password: 'b' },
  ],
  ['machine ::1 login a password b', '::1', { login: 'a', password: 'b' }],
  ['machine h login a password b macdef init\nmachine g login x password y\n\n', 'g', undefined],
  [
    'macdef init\r\nmachine h login x password y\r\n\r\ndefault login a password b',
    'h',
    { login: 'a', password: 'b' },
  ],
  ['machine h password "b\\n\\t\\"\nc" login a', 'h', { login: 'a', password: 'b\n\t"\nc' }],
  ['machine h login a password "#b"', 'h', { login: 'a', password: '#b' }],
  ['default login x password y machine h login a password b', 'h', { login: 'a', password: 'b' }],
  ['machine h login a password #b', 'h', { login: 'a', password: '#b' }],
  ['machine h login a # password x\n password b', 'h', { login: 'a', password: 'b' }],
  ['machine\nh\nlogin\na\npassword\nb', 'h', { login: 'a', password: 'b' }],
  ['machine h login a password login', 'h', { login: 'a', password: 'login' }],
  ['machine h login a password\nmachine g login x password y', 'h', undefined],
  ['machine h login a password\nmachine g login x password y', 'g', { login: 'x', password: 'y' }],
  ['machine g login x password y machine\nlogin a password b', 'g', { login: 'x', password: 'y' }],
  ['# no macdef here\nmachine h login a password b', 'h', { login: 'a', password: 'b' }],
  ['machine h login a password "b macdef c"', 'h', { login: 'a', password: 'b macdef c' }],
  ['machine h login "machine" password "# b"', 'h', { login: 'machine', password: '# b' }],
  ['macdef init\nmachine h login a password b', 'h', undefined],
  ['machine h login a', 'h', undefined],
  ['machine g login a password b', 'h', undefined],
  ['', 'h', undefined],
])('netrc %j', (text, host, login) => {
  expect(loginFor(text, host)).toEqual(login);
});

test('netrc: another server that a redirect or a page names gets its own login, not the default', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-req-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const netrc = join(folder, 'netrc');
  const req = await startReq({ auth: { netrc } });
  const seen: (string | undefined)[] = [];
  const other = await startServer(({ headers }, response) => {
    seen.push(headers.authorization);
    response.end();
  }, '::1');
  const server = await startServer(({ url, headers }, response) => {
    seen.push(headers.authorization);
    if (url === '/moved') response.writeHead(302, { location: other.url }).end();
    else response.writeHead(200, { link: `<${other.url}/2>; rel="next"` }).end();
  });
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
  writeFileSync(netrc, 'default login ada password secret\n');
  await req.get(`${server.url}/moved`);
  for await (const _page of req.paginate(server.url));
  expect(seen.splice(0)).toEqual([basic('ada:secret'), undefined, basic('ada:secret'), undefined]);
  writeFileSync(netrc, 'default login ada password secret machine ::1 login bob password b\n');
  await req.get(`${server.url}/moved`);
  expect(seen).toEqual([basic('ada:secret'), basic('bob:b')]);
  // What cannot be read is an error, not a request without credentials.
  expect(await rejection(req.get(server.url, { auth: { netrc: folder } }))).toBeInstanceOf(
    AuthError,
  );
});

test('a function is asked again after 401, once a call, and told what was refused', async () => {
  const server = await guard((value) => value === 'Bearer 2');
  const refused: (string | undefined)[] = [];
  const auth = (context: { refused: string | undefined }) => {
    refused.push(context.refused);
    return { bearer: String(refused.length) };
  };
  const req = await startReq({ auth });
  expect(await req.get(server.url)).toMatchObject({ status: 200, body: 'Bearer 2' });
  expect(refused).toEqual([undefined, 'Bearer 1']);
  expect((await req.get(server.url)).status).toBe(401);
  expect(refused).toHaveLength(4);
});

test('cachedAuth loads once for many calls, and again when it is refused or expires', async () => {
  let good = 1;
  let loads = 0;
  const server = await guard((value) => value === `Bearer ${good}`);
  const req = await startReq({
    auth: cachedAuth(async () => {
      loads += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return { credentials: { bearer: String(good) } };
    }),
  });
  const all = () => Promise.all(Array.from({ length: 5 }, () => req.get(server.url)));
  expect((await all()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(loads).toBe(1);
  good = 2;
  expect((await all()).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(loads).toBe(2);
  const short = cachedAuth(() =>
    Promise.resolve({ credentials: { bearer: `x${++loads}` }, expiresIn: 0 }),
  );
  const context = { origin: 'http://h', refused: undefined, signal: undefined };
  expect(await short(context)).not.toEqual(await short(context));
});

test('cachedAuth loads for each origin by itself: no server gets the token of another', async () => {
  const loads: string[] = [];
  const auth = cachedAuth(({ origin }) => {
    loads.push(origin);
    return Promise.resolve({ credentials: { bearer: `for ${origin}` } });
  });
  const req = await startReq({ auth });
  const one = await guard(() => true);
  const two = await guard(() => true);
  for (let call = 0; call < 2; call++) {
    expect((await req.get(one.url)).body).toBe(`Bearer for ${one.url}`);
    expect((await req.get(two.url)).body).toBe(`Bearer for ${two.url}`);
  }
  expect(loads).toEqual([one.url, two.url]);
  // For a thousand origins at most.
  const context = { refused: undefined, signal: undefined };
  for (let n = 0; n < 1000; n++) await auth({ ...context, origin: `http://host-${n}` });
  await auth({ ...context, origin: 'http://host-999' });
  expect(loads).toHaveLength(1002);
  await auth({ ...context, origin: one.url });
  expect(loads).toHaveLength(1003);
});

test('cachedAuth whose load fails fails those who wait for it, and is asked again', async () => {
  let loads = 0;
  const auth = cachedAuth(() => {
    loads += 1;
    return loads === 1
      ? Promise.reject(new Error('down'))
      : Promise.resolve({ credentials: { bearer: 't' } });
  });
  const req = await startReq({ auth });
  const server = await guard(() => true);
  const outcomes = await Promise.allSettled([req.get(server.url), req.get(server.url)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await req.get(server.url)).body).toBe('Bearer t');
  expect(loads).toBe(2);
});

test('a function that throws, or returns no credentials, is an AuthError', async () => {
  const req = await startReq();
  const fail = () => {
    throw new Error('vault is sealed');
  };
  const error = await rejection(req.get('http://127.0.0.1:9', { auth: fail }));
  expect(error).toMatchObject({ code: 'ERR_REQ_AUTH', reason: 'function' });
  expect(error.message).toContain('vault is sealed');
  const odd = await rejection(req.get('http://127.0.0.1:9', { auth: (() => 7) as never }));
  expect(odd).toBeInstanceOf(AuthError);
});
