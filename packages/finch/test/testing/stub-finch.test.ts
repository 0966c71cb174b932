import { describe, expect, test } from 'vitest';
import { Finch, type FinchClient, type Request } from '../../src/index.ts';
import { stubFinch } from '../../src/testing/index.ts';

const url = 'https://api.example.com';

/** Code of a user's that is handed a client. */
async function nameOf(client: FinchClient, id: number): Promise<string> {
  const response = await client.get(`${url}/users/${id}`, { headers: { accept: 'text/plain' } });
  return response.json<{ name: string }>().name;
}

describe('a stub of an instance', () => {
  test('answers by method and URL, and remembers what it was asked', async () => {
    const client = stubFinch({
      [`GET ${url}/users/1`]: { json: { name: 'Ada' } },
      [`POST ${url}`]: { status: 201, headers: { location: '/users/2' } },
    });
    expect(await nameOf(client, 1)).toBe('Ada');
    const created = await client.post(`${url}/?dry=run`, 'body', { receiveTimeout: 5 });
    expect([created.status, created.headers.get('location')]).toEqual([201, '/users/2']);
    const [first, second] = client.requests;
    expect(first?.request.headers).toContain('text/plain');
    expect(String(second?.body)).toBe('body');
    expect(second?.request.query).toBe('dry=run');
  });

  test('is used wherever a client is asked for, and so is an instance', () => {
    const clients: FinchClient[] = [stubFinch({})];
    expect(clients).toHaveLength(1);
    const take = (client: FinchClient): FinchClient => client;
    const instance = (finch: Finch): FinchClient => take(finch);
    expect(instance).toBeTypeOf('function');
  });

  test('answers by turn, and the last answer stays', async () => {
    const client = stubFinch({ [`GET ${url}/*`]: [{ status: 503 }, { status: 200 }] });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await client.get(`${url}/${n}`)).status);
    expect(statuses).toEqual([503, 200, 200]);
  });

  test('answers from a function of the request, and of its body', async () => {
    const client = stubFinch((request: Request, body) => ({
      body: `${request.method} ${request.path} ${String(Buffer.from(body))}`,
    }));
    async function* pieces() {
      yield 'a';
      yield 'b';
    }
    expect((await client.put(`${url}/x`, pieces)).text()).toBe('PUT /x ab');
    const built = Finch.build('DELETE', `${url}/y`);
    expect((await client.request(built)).text()).toBe('DELETE /y ');
    for (const method of ['head', 'delete', 'options'] as const) {
      expect((await client[method](url)).text()).toBe(`${method.toUpperCase()} / `);
    }
    expect((await client.patch(url, 'p')).text()).toBe('PATCH / p');
  });

  test('rejects with the error that is its answer, or that its function throws', async () => {
    const client = stubFinch({
      [`GET ${url}/gone`]: new Error('gone'),
      [`GET ${url}/throws`]: () => {
        throw new RangeError('thrown');
      },
    });
    await expect(client.get(`${url}/gone`)).rejects.toThrow('gone');
    await expect(client.get(`${url}/throws`)).rejects.toThrow(RangeError);
    await expect(client.get(`${url}/unknown`)).rejects.toThrow(
      `stubFinch has no answer to GET ${url}/unknown`,
    );
  });

  test('checks requests, options and signals as an instance does', async () => {
    const client = stubFinch({ status: 200 });
    await expect(client.get('not a url')).rejects.toMatchObject({
      code: 'ERR_FINCH_INVALID_REQUEST',
    });
    await expect(client.get(url, { poolTimeout: -1 })).rejects.toMatchObject({
      code: 'ERR_FINCH_OPTIONS',
    });
    await expect(client.get(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_FINCH_REQUEST_CANCELLED',
    });
    expect(client.requests).toEqual([]);
  });

  test('streams its answer, in parts and as an opened response', async () => {
    const client = stubFinch({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: ['one ', new TextEncoder().encode('two')],
      trailers: { 'x-sum': '7' },
    });
    const parts = await client.stream(url, [] as string[], (part, types) => [...types, part.type]);
    expect(parts).toEqual(['status', 'headers', 'data', 'data', 'trailers']);
    const halted = await client.streamWhile(url, 0, (part, count) =>
      part.type === 'data' ? { halt: count } : { cont: count + 1 },
    );
    expect(halted).toBe(2);
    const opened = await client.open(url);
    expect(opened.headers.get('content-type')).toBe('text/plain');
    expect(await opened.text()).toBe('one two');
    expect((await opened.trailers).get('x-sum')).toBe('7');
    await using given = await client.open(url);
    given.cancel('enough');
    await expect(given.text()).rejects.toMatchObject({ code: 'ERR_FINCH_REQUEST_CANCELLED' });
  });
});

test('a slip in the answers of a stub is an error that names it', async () => {
  const stub = (answers: unknown) => () => stubFinch(answers as object);
  expect(stub({ 'GET /a': {} })).toThrow(`"GET /a" has no server: say 'GET https://api.example`);
  expect(stub({ 'https://x/a': {} })).toThrow('A reply has no "https://x/a"');
  expect(stub({ 'GET https://x/a?b': {} })).toThrow('has a query, which does not count');
  expect(stub({ 'GET https://x/a': { jsn: 1 } })).toThrow('(did you mean json?)');
  expect(stub({ 'GET https://x/a': 5 })).toThrow('A reply is an object');
  expect(stub('text')).toThrow('A reply is an object');
  expect(stub(undefined)).toThrow('A reply is an object');
  const client = stubFinch({ 'get https://x/a': {}, 'GET https://x/f': () => undefined as never });
  expect((await client.get('https://x/a')).status).toBe(200);
  await expect(client.get('https://x/f')).rejects.toThrow('A reply is an object');
  await expect(client.get('https://x/b')).rejects.toThrow(
    'stubFinch has no answer to GET https://x/b, but to GET https://x/a, GET https://x/f',
  );
});
