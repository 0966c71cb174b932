import { eventually } from '@linnet/otp/testing';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram, uniqueName, type Program } from '../support/program.ts';
import { worker } from '../support/workers.ts';

/** What the server answers to these headers; undici sets some of them by itself. */
function statusOf(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** A connection on which bytes are written as they are. */
async function rawSocket({ url }: Program): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
  });
  return socket;
}

/** All that the server answers to some bytes, until it closes. */
async function rawAnswer(program: Program, bytes: string): Promise<string> {
  const socket = await rawSocket(program);
  socket.write(bytes, 'latin1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  // It may cut the connection off rather than end it.
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return text;
}

const eventStream = { accept: 'text/event-stream' };

test('a page of another site gets no data and no stream; a link to the page is followed', async () => {
  const { url } = await startProgram({ actions: true });
  for (const site of ['cross-site', 'same-site']) {
    const headers = { 'sec-fetch-site': site };
    expect(await statusOf(`${url}api/session`, headers)).toBe(403);
    expect(await statusOf(`${url}api/tree`, { ...headers, ...eventStream })).toBe(403);
    expect(await statusOf(url, headers)).toBe(200);
  }
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', 'nonsense']) {
    expect(await statusOf(`${url}api/tree`, { origin, ...eventStream })).toBe(403);
  }
  const own = url.replace(/\/$/, '');
  expect(await statusOf(`${url}api/session`, { origin: own })).toBe(200);
  expect(await statusOf(`${url}api/session`, { 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await statusOf(`${url}api/session`, { 'sec-fetch-site': 'none' })).toBe(200);
});

test('an action that another origin asks for is refused, also with the token', async () => {
  const { url } = await startProgram({ actions: true });
  const { token } = (await (await fetch(`${url}api/session`)).json()) as { token: string };
  const headers = { 'content-type': 'application/json', 'x-observer-token': token };
  const ask = (more: Record<string, string>): Promise<number> =>
    statusOf(`${url}api/actions/log-level`, { ...headers, ...more }, 'POST');
  expect(await ask({ origin: 'https://evil.example' })).toBe(403);
  expect(await ask({ 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(await ask({})).toBe(400); // no body
});

test.each([
  ['a name of others', 'evil.example'],
  ['a name that begins as a loopback one', 'localhost.evil.example'],
  ['an address with a path', '127.0.0.1/x'],
  ['an address with credentials', '127.0.0.1@evil.example'],
  ['an address of all', '0.0.0.0'],
  ['two', '127.0.0.1, evil.example'],
  ['none', ''],
])('with %s as its host a request is refused', async (_what, host) => {
  const program = await startProgram();
  const answer = await rawAnswer(
    program,
    `GET /api/tree HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(answer).not.toContain('"nodes"');
});

test.each([
  ['no HTTP', 'nonsense\r\n\r\n'],
  ['a target that is no path', 'GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ['an asterisk', 'OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'],
  ['headers without end', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(100_000)}`],
  ['a tunnel', 'CONNECT localhost:22 HTTP/1.1\r\nhost: localhost:22\r\n\r\n'],
  ['a method of no one', 'BREW / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  [
    'two lengths',
    'POST /api/actions/kill HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
  ],
])('%s is refused or cut off, and the program goes on', async (_what, bytes) => {
  const program = await startProgram({ actions: true });
  const answer = await rawAnswer(program, bytes);
  expect(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer)).toBe(true);
  expect((await program.page('overview')).system.processes).toBeGreaterThan(0);
});

test('150 connections that never finish their request leave room for others', async () => {
  const program = await startProgram();
  const half = await Promise.all(Array.from({ length: 150 }, () => rawSocket(program)));
  for (const socket of half) socket.write('GET /api/tree HTTP/1.1\r\nhost: loc');
  expect((await program.page('overview')).system.processes).toBeGreaterThan(0);
});

test('an action whose body never comes is no action', async () => {
  const id = uniqueName('worker');
  const program = await startProgram({ actions: true }, [worker(id)]);
  const { token } = (await (await fetch(`${program.url}api/session`)).json()) as { token: string };
  const socket = await rawSocket(program);
  socket.write(
    'POST /api/actions/kill HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
      `x-observer-token: ${token}\r\ncontent-length: 40\r\n\r\n{"pid":`,
  );
  socket.destroy();
  await eventually(async () => {
    expect((await program.page('overview')).system.crashes).toBe(0);
  });
});
