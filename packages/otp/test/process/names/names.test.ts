import {
  exit,
  receive,
  register,
  registered,
  self,
  send,
  spawn,
  unregister,
  whereis,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { expect, onTestFinished, test } from 'vitest';
import { deadPid, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

function waiting(): Pid {
  const pid = spawn(() => receive());
  onTestFinished(() => exit(pid, 'kill'));
  return pid;
}

const badarg = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;

test('[SIG28] a name belongs to one process, and a process has one name', async () => {
  const pid = waiting();
  const other = waiting();
  const dead = await deadPid();
  register('sig28', pid);
  expect(() => register('sig28', other)).toThrow(
    `name must be a free name (taken by ${String(pid)}), got "sig28"`,
  );
  expect(() => register('sig28b', dead)).toThrow(badarg);
  expect(() => register('sig28c', pid)).toThrow('a process without a name (it is sig28)');
  expect(whereis('sig28')).toBe(pid);
});

test('[SIG27] sending to a dead process is harmless, to an unknown name an error', async () => {
  const dead = await deadPid();
  expect(send(dead, 'x')).toBeUndefined();
  expect(() => send('no such name', 'x')).toThrow(badarg);
  expect(() => send(Symbol('none'), 'x')).toThrow(badarg);
});

test('a process is reached by its name, the node that goes with it, or a symbol', async () => {
  const name = Symbol('service');
  const got = await inProcess(async () => {
    register(name);
    send(name, 1);
    send({ name, node: 'nonode@nohost' }, 2);
    expect(whereis({ name, node: 'nonode@nohost' })).toBe(self());
    return [await receive(), await receive()];
  });
  expect(got).toEqual([1, 2]);
  expect(whereis(name)).toBeUndefined();
});

test('sending to a process of another node is dropped while there is no cluster', () => {
  expect(send({ name: 'x', node: 'other@host' }, 1)).toBeUndefined();
});

test('names are listed, and free again after unregister', async () => {
  const pid = waiting();
  register('listed', pid);
  expect(registered()).toContain('listed');
  unregister('listed');
  expect(registered()).not.toContain('listed');
  expect(() => unregister('listed')).toThrow(badarg);
  register('other name', pid);
  expect(whereis('other name')).toBe(pid);
});

test('a name is free as soon as its process is dead', () => {
  const pid = waiting();
  register('short', pid);
  exit(pid, 'shutdown');
  expect(whereis('short')).toBeUndefined();
  register('short', waiting());
});

test('what cannot be a name is refused', async () => {
  const pid = waiting();
  for (const bad of ['', 1, null, {}, undefined]) {
    expect(() => register(bad as never, pid)).toThrow(badarg);
  }
  expect(() => register('plain')).toThrow(
    expect.objectContaining({ code: 'ERR_NO_PROCESS' }) as Error,
  );
  await settle();
});
