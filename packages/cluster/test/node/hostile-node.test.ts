/** What a node may do that knows the cookie, and sends what no node would send. */
import { exit, isAlive, Pid, receive, register, send, spawn } from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Endpoint } from '../../src/association/endpoint.ts';
import { associationDefaults } from '../../src/association/options.ts';
import { systemRandomness } from '../../src/association/randomness.ts';
import { PortCarrier } from '../../src/carrier/message-ports.ts';
import { Addresses } from '../../src/codec/address-table.ts';
import { Codec } from '../../src/codec/codec.ts';
import {
  Cluster,
  type ClusterHandle,
  Node,
  type NodeMessage,
  type NodeIdentity,
} from '../../src/index.ts';
import { signalType } from '../../src/node/signal.ts';

const hostile: NodeIdentity = { name: 'hostile@127.0.0.1', creation: 99, startedAt: 1 };
let cluster: ClusterHandle;
let port: MessagePort;
let endpoint: Endpoint;
let here: NodeIdentity;
let received: unknown[];
const codec = new Codec(new Addresses());

beforeEach(async () => {
  received = [];
  const { port1, port2 } = new MessageChannel();
  const carrier = new PortCarrier();
  carrier.add(port1);
  port = port2;
  const { promise, resolve } = Promise.withResolvers<NodeIdentity>();
  endpoint = new Endpoint(
    {
      self: hostile,
      cookie: 'secret',
      takeover: false,
      options: associationDefaults,
      randomness: systemRandomness,
      now: () => performance.now(),
    },
    {
      transmit: (_to, frame) => port.postMessage(frame),
      handOver: (_to, frame) => {
        port.postMessage(frame);
        return false;
      },
      deliver: (from, bytes, start, end) => received.push(codec.decode(bytes, from, start, end)),
      nodeUp: resolve,
      nodeDown: () => {},
      connectFailed: () => {},
      busy: () => {},
      refused: () => {},
      wantsFlush: () => queueMicrotask(() => endpoint.flush()),
    },
  );
  port.on('message', (message: unknown) => {
    if (message instanceof Uint8Array) endpoint.frame(message);
    else endpoint.announced((message as { hello: NodeIdentity }).hello);
  });
  port.postMessage({ hello: hostile });
  cluster = await Cluster.start({
    name: 'victim@127.0.0.1',
    cookie: 'secret',
    carrier,
    modules: { sum: (a: number, b: number) => a + b },
  });
  here = await promise;
  await Node.connect(hostile.name);
});

afterEach(async () => {
  await cluster.stop();
  port.close();
});

const sendRaw = (bytes: Uint8Array): boolean => endpoint.send(here, bytes);
const sendSignal = (...signal: readonly unknown[]): boolean =>
  sendRaw(codec.encode(signal, here).slice());

/** What the node was told of the hostile one after it has sent something. */
const newsAfter = (act: () => unknown): Promise<NodeMessage> =>
  inProcess(async () => {
    Node.monitor(hostile.name);
    act();
    return (await receive()) as NodeMessage;
  });

test.each<[what: string, act: () => unknown]>([
  ['bytes that are no value', () => sendRaw(Uint8Array.of(0xc1, 0xc1))],
  ['values nested without end', () => sendRaw(new Uint8Array(60_000).fill(0x91))],
  ['a value that is no signal', () => sendRaw(codec.encode({ type: 2 }, here).slice())],
  ['a signal of a type that there is not', () => sendSignal(250, 1, 2)],
  ['a signal of a type by its name', () => sendSignal('constructor')],
  ['a link without a number', () => sendSignal(signalType.link, 'a', {})],
  ['a call without a number', () => sendSignal(signalType.call, {}, 1, 1, 'x')],
  ['a request to spawn without arguments', () => sendSignal(signalType.spawnRequest, 1, 'sum')],
])('%s ends the connection with bad_frame, and nothing else', async (_what, act) => {
  const reason = 'bad_frame';
  expect(await newsAfter(act)).toEqual({ type: 'nodedown', node: hostile.name, reason });
  expect(Node.self()).toBe('victim@127.0.0.1');
});

test('what is not in the modules cannot be started, whatever its name', async () => {
  const names = ['absent', 'constructor', '__proto__', 'toString', '../sum', ''];
  for (const [i, name] of names.entries()) {
    sendSignal(signalType.spawnRequest, i, name, [1, 2], false);
  }
  await eventually(() => expect(received).toHaveLength(names.length));
  expect(received).toEqual(names.map((_, i) => [signalType.spawnReply, i, undefined, 'undef']));
});

test('processes that are not there are noproc, whatever stands for them', async () => {
  const targets = [2 ** 40, -1, 1.5, '', 'absent', {}, null, [1]];
  for (const [i, target] of targets.entries()) sendSignal(signalType.monitor, i, target);
  await eventually(() => expect(received).toHaveLength(targets.length));
  expect(received).toEqual(targets.map((_, i) => [signalType.monitorExit, i, 'noproc']));
});

test('an exit signal of a link that there is not ends no process', async () => {
  const pid = spawn(async () => {
    register('bystander');
    for (;;) send((await receive()) as Pid, 'alive');
  });
  sendSignal(signalType.exit, 1, pid.id, 'boom');
  sendSignal(signalType.unlink, 1, 1, pid.id);
  sendSignal(signalType.monitor, 1, pid.id);
  sendSignal(signalType.demonitor, 1);
  sendSignal(signalType.reply, 77, 'late');
  sendSignal(signalType.send, 'bystander', new Pid(hostile.name, hostile.creation, 5));
  await eventually(() => expect(received).toContainEqual([signalType.send, 5, 'alive']));
  expect(isAlive(pid)).toBe(true);
  exit(pid, 'kill');
});

test('a message in an envelope that there is not ends the connection', async () => {
  const pid = spawn(() => receive());
  const act = (): unknown => sendSignal(signalType.send, pid.id, 'x', 'constructor');
  expect(await newsAfter(act)).toMatchObject({ type: 'nodedown', reason: 'bad_frame' });
  expect(isAlive(pid)).toBe(true);
  exit(pid, 'kill');
});
