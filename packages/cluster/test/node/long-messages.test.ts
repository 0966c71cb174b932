/** Messages that are longer than what a node takes are errors of their senders, not of the connection. */
import {
  type AnySupervisorHandle,
  type CallError,
  GenServer,
  monitor,
  receive,
  self,
  send,
} from '@linnet/otp';
import { inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MessageTooLongError, Node } from '../../src/index.ts';
import { startWorkers, workerNode } from '../support/with-workers.ts';

const node = workerNode(1);
const counter = { name: 'counter', node };
const mostBytes = 200_000;
const long = new Uint8Array(mostBytes);

let supervisor: AnySupervisorHandle;
beforeAll(async () => {
  supervisor = await startWorkers(1, { maxSignalBytes: mostBytes });
});
afterAll(async () => {
  await supervisor.stop();
});

/** Does something, after which the other node is connected as before. */
const whileConnected = (act: () => Promise<void>): Promise<void> =>
  inProcess(async () => {
    const before = Node.figures(node)?.framesSent ?? 0;
    await act();
    expect(await GenServer.call(counter, 'value')).toBe(10);
    expect(Node.figures(node)?.framesSent).toBeGreaterThan(before);
  });

test('`send` throws', async () => {
  await whileConnected(async () => {
    const attempt = (): void => send({ name: 'echo', node }, long);
    expect(attempt).toThrow(MessageTooLongError);
    expect(attempt).toThrow(/maxSignalBytes/);
    await Promise.resolve();
  });
});

test('a call rejects', async () => {
  await whileConnected(async () => {
    await expect(GenServer.call(counter, ['echo', long])).rejects.toThrow(MessageTooLongError);
  });
});

test('`Node.spawn` rejects', async () => {
  await whileConnected(async () => {
    await expect(Node.spawn(node, 'sum', [long])).rejects.toThrow(MessageTooLongError);
  });
});

test('an answer that is too long is the reason that the caller gets, and the server goes on', async () => {
  await whileConnected(async () => {
    const error = (await GenServer.call(counter, ['long', mostBytes]).catch(
      (failed: unknown) => failed,
    )) as CallError;
    expect((error.why as Error).name).toBe('MessageTooLongError');
  });
});

test('an exit reason that is too long is told in words', async () => {
  await whileConnected(async () => {
    const pid = await Node.spawn(node, 'endsLong', [mostBytes]);
    monitor(pid);
    send(pid, 'end');
    const { reason } = (await receive()) as { reason: [string, string] };
    expect(reason[0]).toBe('unserialisable');
    expect(reason[1]).toContain('Uint8Array');
  });
});

test('what is as long as may be arrives', async () => {
  await whileConnected(async () => {
    const value = new Uint8Array(mostBytes - 200);
    send({ name: 'echo', node }, { do: 'echo', from: self(), value });
    expect(((await receive()) as { echo: Uint8Array }).echo).toHaveLength(value.length);
  });
});
