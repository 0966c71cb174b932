import { get } from 'node:http';
import { expect, test } from 'vitest';
import { Observer } from '../../src/index.ts';
import { startProgram, uniqueName } from '../support/program.ts';

test('is a plain function from a request to a response, below a path', async () => {
  const { observer } = await startProgram({
    port: false,
    basePath: '/observer',
    authorize: () => true,
  });
  const { handler } = observer;
  const ask = (path: string) => handler(new Request(`https://shop.example${path}`));
  const redirect = await ask('/observer');
  expect([redirect.status, redirect.headers.get('location')]).toEqual([308, '/observer/']);
  expect((await ask('/observer/api/overview')).status).toBe(200);
  expect((await ask('/api/overview')).status).toBe(404);
  expect((await ask('/observers')).status).toBe(404);
});

test('asks authorize for each request, and takes an error for a no', async () => {
  const authorize = (request: Request): boolean => {
    const given = request.headers.get('authorization');
    if (given === 'throw') throw new Error('no');
    return given === 'Bearer yes';
  };
  const { observer } = await startProgram({ port: false, authorize });
  const statusOf = async (authorization: string): Promise<number> => {
    const request = new Request('http://any.example/api/tree', { headers: { authorization } });
    return (await observer.handler(request)).status;
  };
  expect(await statusOf('Bearer yes')).toBe(200);
  expect(await statusOf('Bearer no')).toBe(403);
  expect(await statusOf('throw')).toBe(403);
});

test('without authorize it answers to names of this machine only: a name of others may lead here', async () => {
  const { url } = await startProgram();
  const statusOf = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = get(`${url}api/session`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
    });
  for (const host of ['127.0.0.1:4400', 'localhost', '[::1]:4400', 'x.localhost']) {
    expect(await statusOf(host)).toBe(200);
  }
  for (const host of ['evil.example', '127.0.0.1.evil.example', '10.0.0.1']) {
    expect(await statusOf(host)).toBe(403);
  }
});

test('every answer forbids scripts, styles and frames of others', async () => {
  const { url } = await startProgram();
  for (const path of ['api/overview', 'nothing', 'api/actions/kill']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test.each([
  ['a wrong path', 'nothing/here', {}, 404],
  ['a path upwards', '..%2f..%2fpackage.json', {}, 404],
  ['a wrong method', 'api/tree', { method: 'DELETE' }, 405],
  ['an action by GET', 'api/actions/kill', {}, 405],
  ['a huge query', `api/processes?search=${'x'.repeat(5000)}`, {}, 414],
  ['a page that does not exist', 'api/nothing', {}, 404],
])('%s is answered with a status', async (_what, path, init, status) => {
  const { url } = await startProgram();
  const response = await fetch(url + path, init);
  expect(response.status).toBe(status);
  expect(await response.json()).toHaveProperty('error');
});

test('a query that makes no sense has the defaults', async () => {
  const { page } = await startProgram();
  const query = { sort: '__proto__', order: 'up', offset: '-1', limit: 'NaN', interval: '0' };
  const { order, rows, offset } = await page('processes', query);
  expect(offset).toBe(0);
  expect(order.length).toBe(Object.keys(rows).length);
});

test('HEAD has the headers without the body', async () => {
  const { url } = await startProgram();
  const response = await fetch(`${url}api/tree`, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('');
});

test('mounted without authorize it answers no request, whatever host it claims', async () => {
  const { observer } = await startProgram();
  const { status } = await observer.handler(new Request('http://localhost/api/session'));
  expect(status).toBe(403);
});

test('an observer without a server of its own needs authorize', () => {
  expect(() => Observer.childSpec({ name: uniqueName(), port: false })).toThrow('"authorize"');
});
