import Anthropic from '@anthropic-ai/sdk';
import { Octokit } from '@octokit/core';
import axios from 'axios';
import ky from 'ky';
import OpenAI from 'openai';
import Stripe from 'stripe';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { QueueFullError } from '../../src/index.ts';
import { startFinch } from '../support/finch.ts';
import { startHttpServer, type Listener } from '../../../mint/test/support/http-server.ts';

/** An instance, a server that listens so, and the proof that each request went through the pool. */
async function start(listener: Listener) {
  const finch = await startFinch({ pools: { default: { size: 1 } } });
  let requests = 0;
  const server = await startHttpServer(async (request, answer) => {
    requests += 1;
    for await (const _piece of request) continue;
    await listener(request, answer);
  });
  onTestFinished(() => server.close());
  const throughPool = (expected: number) =>
    eventually(() => {
      expect(server.connections).toBe(1);
      const [shard] = finch.listPools()[0]?.shards ?? [];
      expect(shard).toMatchObject({ inUse: 0, idle: 1 });
      expect(requests).toBe(expected);
    });
  return { finch, server, throughPool };
}

function json(value: unknown): Listener {
  return (_request, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify(value));
  };
}

/** Server-sent events, one in each turn. */
function events(list: readonly { readonly event?: string; readonly data: unknown }[]): Listener {
  return async (_request, answer) => {
    answer.setHeader('content-type', 'text/event-stream');
    for (const { event, data } of list) {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      answer.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    answer.end();
  };
}

test('is bound: it may be given away as a value', async () => {
  const { finch, server } = await start((_request, answer) => answer.end('text'));
  const { fetch } = finch;
  expect(fetch).toBe(finch.fetch);
  expect(await (await fetch(server.url)).text()).toBe('text');
  expect(await (await fetch(new Request(server.url))).text()).toBe('text');
});

test('may take the place of the global fetch', async () => {
  const { finch, server } = await start((_request, answer) => answer.end('text'));
  const before = globalThis.fetch;
  onTestFinished(() => {
    globalThis.fetch = before;
  });
  globalThis.fetch = finch.fetch;
  expect(await (await fetch(server.url)).text()).toBe('text');
});

test('leaves a dispatcher alone that a request names itself', async () => {
  const { finch, server } = await start((_request, answer) => answer.end('text'));
  const dispatcher = finch.dispatcher({ poolTag: 'other' });
  await (await finch.fetch(server.url, { dispatcher })).text();
  expect(finch.listPools().map(({ pool }) => pool.tag)).toEqual(['other']);
});

test('fails with a TypeError whose cause is the error of Finch', async () => {
  const { finch, server } = await start(() => {});
  await finch.startPool(server.url, { size: 1, maxQueue: 0 });
  const held = new AbortController();
  const first = finch.fetch(server.url, { signal: held.signal }).catch(() => {});
  await eventually(() => expect(finch.getStats().inUse).toBe(1));
  const error: unknown = await finch.fetch(server.url).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).cause).toBeInstanceOf(QueueFullError);
  held.abort();
  await first;
});

test('openai: a completion, and one that streams', async () => {
  const chunk = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
  const streamed = events([{ data: chunk('Hel') }, { data: chunk('lo') }, { data: '[DONE]' }]);
  const whole = json({ choices: [{ message: { role: 'assistant', content: 'Hello' } }] });
  let count = 0;
  const { finch, server, throughPool } = await start((request, answer) => {
    count += 1;
    return count === 1 ? whole(request, answer) : streamed(request, answer);
  });
  const client = new OpenAI({ apiKey: 'key', baseURL: server.url, fetch: finch.fetch });
  const asked = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] };
  const completion = await client.chat.completions.create(asked);
  expect(completion.choices[0]?.message.content).toBe('Hello');
  let text = '';
  for await (const piece of await client.chat.completions.create({ ...asked, stream: true })) {
    text += piece.choices[0]?.delta.content ?? '';
  }
  expect(text).toBe('Hello');
  await throughPool(2);
});

test('openai: a stream that is left early frees the connection', async () => {
  const { finch, server } = await start((_request, answer) => {
    answer.setHeader('content-type', 'text/event-stream');
    answer.write(`data: ${JSON.stringify({ choices: [{ delta: { content: 'Hel' } }] })}\n\n`);
  });
  const client = new OpenAI({ apiKey: 'key', baseURL: server.url, fetch: finch.fetch });
  const stream = await client.chat.completions.create({ model: 'm', messages: [], stream: true });
  for await (const _piece of stream) break;
  await eventually(() => expect(finch.getStats()).toMatchObject({ inUse: 0 }));
});

test('anthropic: a message, and one that streams', async () => {
  const message = { id: '1', type: 'message', role: 'assistant', model: 'm', usage: {} };
  const streamed = events([
    {
      event: 'message_start',
      data: { type: 'message_start', message: { ...message, content: [] } },
    },
    {
      event: 'content_block_start',
      data: { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    },
    ...['Hel', 'lo'].map((text) => ({
      event: 'content_block_delta',
      data: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    })),
    { event: 'content_block_stop', data: { type: 'content_block_stop', index: 0 } },
    { event: 'message_stop', data: { type: 'message_stop' } },
  ]);
  const whole = json({ ...message, content: [{ type: 'text', text: 'Hello' }] });
  let count = 0;
  const { finch, server, throughPool } = await start((request, answer) => {
    count += 1;
    return count === 1 ? whole(request, answer) : streamed(request, answer);
  });
  const client = new Anthropic({ apiKey: 'key', baseURL: server.url, fetch: finch.fetch });
  const asked = {
    model: 'm',
    max_tokens: 10,
    messages: [{ role: 'user' as const, content: 'Hi' }],
  };
  const answer = await client.messages.create(asked);
  expect(answer.content).toEqual([{ type: 'text', text: 'Hello' }]);
  let text = '';
  for await (const event of client.messages.stream(asked)) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      text += event.delta.text;
    }
  }
  expect(text).toBe('Hello');
  await throughPool(2);
});

test('stripe', async () => {
  const { finch, server, throughPool } = await start(json({ id: 'cus_1', object: 'customer' }));
  const client = new Stripe('sk_test_1', {
    host: '127.0.0.1',
    port: server.port,
    protocol: 'http',
    httpClient: Stripe.createFetchHttpClient(finch.fetch),
  });
  const customer = await client.customers.create({ name: 'Ada' });
  expect(customer.id).toBe('cus_1');
  await throughPool(1);
});

test('octokit', async () => {
  const { finch, server, throughPool } = await start(json({ login: 'ada' }));
  const client = new Octokit({ baseUrl: server.url, request: { fetch: finch.fetch } });
  const { data } = await client.request('GET /user');
  expect(data.login).toBe('ada');
  await throughPool(1);
});

test('ky, with its retries', async () => {
  let count = 0;
  const { finch, server, throughPool } = await start((_request, answer) => {
    count += 1;
    if (count === 1) answer.writeHead(503, { 'retry-after': '0' }).end();
    else answer.end(JSON.stringify({ count }));
  });
  const client = ky.create({ fetch: finch.fetch });
  expect(await client.get(server.url).json()).toEqual({ count: 2 });
  await throughPool(2);
});

test('axios, by its adapter for fetch', async () => {
  const { finch, server, throughPool } = await start(json({ name: 'Ada' }));
  const client = axios.create({ adapter: 'fetch', env: { fetch: finch.fetch } });
  const { data } = await client.post<unknown>(server.url, { name: 'Ada' });
  expect(data).toEqual({ name: 'Ada' });
  await throughPool(1);
});
