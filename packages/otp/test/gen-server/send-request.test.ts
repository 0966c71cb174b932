import {
  checkResponse,
  exit,
  GenServer,
  isAlive,
  noreply,
  receive,
  receiveResponse,
  reply,
  RequestCollection,
  self,
  send,
  sendRequest,
  waitResponse,
  type ResponseMessage,
} from '@linnet/otp';
import { expectNoLeaks, inProcess, processSnapshot, settle, TestClock } from '@linnet/otp/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { flush, mailbox, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

const Echo = GenServer.define({
  name: 'Echo',
  init: () => [] as unknown[],
  handleCall: {
    echo: (kept, value: number) => reply(value, kept),
    keep: (kept) => noreply([...kept, GenServer.from()]),
    fail: () => exit('boom'),
  },
  handleCast: {
    answer: (kept, value: string) => {
      for (const from of kept) GenServer.reply(from as never, value);
      return noreply([]);
    },
  },
});

describe('sendRequest', () => {
  test('goes on, and the response comes as a message', async () => {
    const server = await Echo.start();
    await inProcess(async () => {
      const request = sendRequest<number>(server, ['echo', 1]);
      send(self(), 'other');
      const messages = await mailbox();
      expect(messages).toContain('other');
      const [response] = messages.filter((message) => request.isResponse(message));
      expect(response).toEqual({ type: 'response', request, outcome: 'reply', value: 1 });
    });
    await server.stop();
  });

  test('receiveResponse waits for it, past other messages', async () => {
    const server = await Echo.start();
    await inProcess(async () => {
      send(self(), 'other');
      const response = await receiveResponse(sendRequest<number>(server, ['echo', 2]));
      expect(response).toMatchObject({ outcome: 'reply', value: 2 });
      expect(await flush()).toEqual(['other']);
    });
    await server.stop();
  });

  test('the end of the server, before or after, is a response as well', async () => {
    const server = await Echo.start();
    await inProcess(async () => {
      const failed = sendRequest(server, 'fail');
      expect(await receiveResponse(failed)).toMatchObject({ outcome: 'error', reason: 'boom' });
      const late = sendRequest(server, 'keep');
      expect(await receiveResponse(late)).toMatchObject({ outcome: 'error', reason: 'noproc' });
      expect(await receiveResponse(sendRequest(self(), 'x'))).toMatchObject({
        reason: 'calling_self',
      });
    });
  });

  test('after its timeout, receiveResponse has given the request up', async () => {
    const clock = new TestClock().install(onTestFinished);
    const before = processSnapshot();
    const server = await Echo.start();
    await inProcess(async () => {
      const request = sendRequest(server, 'keep');
      const received = receiveResponse(request, { timeout: 100 });
      void clock.advance(100);
      expect(await received).toBeUndefined();
      server.cast('answer', 'late');
      expect(await mailbox()).toEqual([]);
    });
    await server.stop();
    await expectNoLeaks(before);
  });

  test('after its timeout, waitResponse may be called again', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await Echo.start();
    await inProcess(async () => {
      const request = sendRequest(server, 'keep');
      const waited = waitResponse(request, { timeout: 100 });
      void clock.advance(100);
      expect(await waited).toBeUndefined();
      server.cast('answer', 'now');
      expect(await waitResponse(request)).toMatchObject({ outcome: 'reply', value: 'now' });
    });
    await server.stop();
  });

  test('one that is abandoned leaves nothing behind, answered or not', async () => {
    const server = await Echo.start();
    await inProcess(async () => {
      const answered = sendRequest(server, ['echo', 1]);
      const open = sendRequest(server, 'keep');
      await settle();
      answered.abandon();
      open.abandon();
      server.cast('answer', 'late');
      expect(await mailbox()).toEqual([]);
    });
    await server.stop();
  });

  test('a collection gives the first response, with its label, until it is empty', async () => {
    const servers = [await Echo.start(), await Echo.start()];
    await inProcess(async () => {
      const requests = new RequestCollection<string, string>();
      requests.add(sendRequest<string, string>(servers[0] as never, 'keep', 'slow'));
      requests.add(sendRequest<string, string>(servers[1] as never, 'keep', 'quick'));
      servers[1]?.cast('answer', 'b');
      const first = (await receiveResponse(requests)) as ResponseMessage<string, string>;
      expect(first).toMatchObject({ outcome: 'reply', value: 'b', request: { label: 'quick' } });
      expect([requests.size, [...requests].map(({ label }) => label)]).toEqual([1, ['slow']]);
      servers[0]?.cast('answer', 'a');
      expect(await receiveResponse(requests)).toMatchObject({ request: { label: 'slow' } });
      expect(await receiveResponse(requests)).toBeUndefined();
    });
    for (const server of servers) await server.stop();
  });

  test('a collection that was waited for too long is given up as a whole', async () => {
    const clock = new TestClock().install(onTestFinished);
    const server = await Echo.start();
    await inProcess(async () => {
      const requests = new RequestCollection();
      for (let i = 0; i < 3; i++) requests.add(sendRequest(server, 'keep'));
      const received = receiveResponse(requests, { timeout: 10 });
      void clock.advance(10);
      expect(await received).toBeUndefined();
      expect(requests.size).toBe(0);
      server.cast('answer', 'late');
      expect(await mailbox()).toEqual([]);
    });
    await server.stop();
  });

  test('a server handles the response in handleInfo, and serves others meanwhile', async () => {
    const echo = await Echo.start();
    const Asking = GenServer.define({
      init: () => ({ requests: new RequestCollection<string>(), answers: [] as unknown[] }),
      handleCall: {
        ask: (state) => {
          state.requests.add(sendRequest<string>(echo, 'keep'));
          return reply('asked', state);
        },
        answers: (state) => reply(state.answers, state),
      },
      handleInfo: (state, message) => {
        const response = checkResponse(message, state.requests);
        if (response?.outcome === 'reply') state.answers.push(response.value);
        return noreply(state);
      },
    });
    const asking = await Asking.start();
    expect(await asking.call('ask')).toBe('asked');
    expect(await asking.call('answers')).toEqual([]);
    echo.cast('answer', 'answer');
    await settle();
    expect(await asking.call('answers')).toEqual(['answer']);
    await asking.stop();
    await echo.stop();
  });

  test('the request goes with its process', async () => {
    const server = await Echo.start();
    const before = processSnapshot();
    await inProcess(() => void sendRequest(server, 'keep'));
    await settle();
    expect(processSnapshot().watches).toBe(before.watches);
    expect(isAlive(server.pid)).toBe(true);
    await server.stop();
  });

  test('needs a process, and a request', async () => {
    expect(() => sendRequest('x', 'y')).toThrow('needs a current process');
    await inProcess(() => {
      expect(() => sendRequest('x', 5 as never)).toThrow('the name of a clause');
    });
    await inProcess(async () => {
      await receive(() => true, { timeout: 0 }).catch(() => {});
    });
  });
});
