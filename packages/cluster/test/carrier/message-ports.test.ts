import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { PortCarrier } from '../../src/carrier/message-ports.ts';

const self = { name: 'a@host', creation: 1, startedAt: 0 };
const other = { name: 'b@host', creation: 2, startedAt: 0 };

test('a node whose port closes is gone once all that it has posted is handled', async () => {
  const { port1, port2 } = new MessageChannel();
  const seen: unknown[] = [];
  const carrier = new PortCarrier();
  const gone = new Promise<void>((resolve) => {
    void carrier.start(self, {
      frame: (bytes) => seen.push(bytes[0]),
      announced: ({ name }) => seen.push(name),
      unreachable: () => {},
      gone: ({ name }, how) => {
        seen.push([how, name]);
        resolve();
      },
      up: () => {},
    });
  });
  carrier.add(port1);
  port2.postMessage({ hello: other });
  for (let i = 0; i < 100; i++) port2.postMessage(Uint8Array.of(i));
  port2.close();
  await gone;
  expect(seen).toEqual(['b@host', ...Array.from({ length: 100 }, (_, i) => i), ['gone', 'b@host']]);
  expect(carrier.reaches(other)).toBe(false);
});

test('frames to a node go through its port, and a probe of one that is not there finds none', async () => {
  const { port1, port2 } = new MessageChannel();
  const carrier = new PortCarrier();
  const unreachable = new Promise<string>((resolve) => {
    void carrier.start(self, {
      frame: () => {},
      announced: () => carrier.send(other, Uint8Array.of(7, 8), false),
      unreachable: ({ name }) => resolve(name),
      gone: () => {},
      up: () => {},
    });
  });
  carrier.add(port1);
  port2.postMessage({ hello: other });
  const messages: unknown[] = [];
  while (!(messages.at(-1) instanceof Uint8Array)) {
    const [message] = (await once(port2, 'message')) as [unknown];
    messages.push(message);
  }
  expect(messages.at(-1)).toEqual(Uint8Array.of(7, 8));
  carrier.send({ ...other, creation: 3 }, Uint8Array.of(1), true);
  expect(await unreachable).toBe('b@host');
  await carrier.stop();
});
