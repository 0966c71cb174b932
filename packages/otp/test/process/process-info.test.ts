import {
  exit,
  GenServer,
  isAlive,
  link,
  listProcesses,
  monitor,
  Pid,
  processInfo,
  receive,
  register,
  reply,
  self,
  send,
  spawn,
  spawnLink,
  trapExit,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { deadPid, quietCrashes } from '../support/mailbox.ts';

quietCrashes();

test('tells everything about a live process, and nothing about a dead one', async () => {
  await inProcess(async () => {
    const me = self();
    const child = spawnLink(async () => {
      trapExit();
      register('informed');
      monitor(me);
      await receive((message) => message === 'end');
    });
    await settle();
    send(child, 1);
    send(child, 2);
    await settle();
    expect(processInfo(child)).toEqual({
      pid: child,
      name: 'informed',
      label: 'process',
      status: 'waiting',
      messageQueueLength: 2,
      trapExit: true,
      links: [me],
      monitors: 1,
      monitoredBy: 0,
      parent: me,
      startedAt: expect.any(Number) as number,
      details: {},
    });
    expect(processInfo(me)).toMatchObject({ monitoredBy: 1, links: [child] });
    send(child, 'end');
    await settle();
    expect(processInfo(child)).toBeUndefined();
  });
});

test('shows what a process is doing', async () => {
  const Server = GenServer.define({
    name: 'Shown',
    init: () => ({ n: 1 }),
    handleCall: {
      wait: async (state) => {
        await receive((message) => message === 'go');
        await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));
        return reply(1, state);
      },
    },
  });
  await using server = await Server.start();
  const status = () => processInfo(server.pid)?.status;
  await settle();
  expect(status()).toBe('waiting');
  const call = server.call('wait');
  expect(status()).toBe('runnable');
  await settle();
  expect(status()).toBe('waiting');
  send(server.pid, 'go');
  await Promise.resolve().then(() => Promise.resolve());
  await new Promise((resolve) => void setImmediate(resolve));
  expect(status()).toBe('busy');
  await call;
  expect(processInfo(server.pid)?.details).toMatchObject({ state: { n: 1 } });
});

test('processes are listed oldest first', async () => {
  const before = listProcesses().length;
  const pids = [1, 2, 3].map(() => spawn(() => receive()));
  expect(listProcesses().slice(before)).toEqual(pids);
  for (const pid of pids) exit(pid, 'shutdown');
});

test('a pid is printed, compared and sent as JSON by what it is', async () => {
  const pid = await deadPid();
  expect(String(pid)).toMatch(/^#PID<0\.\d+\.0>$/);
  expect(JSON.stringify({ pid })).toBe(`{"pid":"${String(pid)}"}`);
  expect(Pid.isPid(pid)).toBe(true);
  expect(Pid.isPid({ node: pid.node, creation: pid.creation, id: pid.id })).toBe(false);
  expect(String(new Pid('a@b', 7, 42))).toBe('#PID<a@b.42.7>');
});

test('a process of another node is not linked without a cluster, and cannot be looked at', async () => {
  const remote = new Pid('other@host', 1, 1);
  expect(() => isAlive(remote)).toThrow('a process of this node');
  expect(() => processInfo(remote)).toThrow('a process of this node');
  // A run of this node before this one: dead for ever.
  expect(isAlive(new Pid('nonode@nohost', 1, 1))).toBe(false);
  send(remote, 'lost');
  exit(remote, 'kill');
  await inProcess(async () => {
    expect(() => link(remote)).toThrow(
      expect.objectContaining({ reason: 'noconnection' }) as Error,
    );
    trapExit();
    link(remote);
    expect(await receive()).toEqual({ type: 'EXIT', from: remote, reason: 'noconnection' });
    const ref = monitor(remote);
    expect(await receive()).toEqual({ type: 'DOWN', ref, pid: remote, reason: 'noconnection' });
  });
});

test('a pid of an earlier run of this node is dead', () => {
  const old = new Pid('nonode@nohost', 1, 1);
  expect(isAlive(old)).toBe(false);
});

test('what is not a pid or a body is refused', async () => {
  const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
  for (const bad of [undefined, null, 'name', {}, 5]) {
    expect(() => isAlive(bad as never)).toThrow(badarg);
    expect(() => processInfo(bad as never)).toThrow(badarg);
    expect(() => exit(bad as never, 'x')).toThrow(badarg);
    expect(() => spawn(bad as never)).toThrow(badarg);
  }
  await inProcess(() => {
    expect(() => link('x' as never)).toThrow(badarg);
    expect(() => trapExit('yes' as never)).toThrow(badarg);
  });
});
