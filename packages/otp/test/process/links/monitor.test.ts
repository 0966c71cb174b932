import {
  demonitor,
  exit,
  GenServer,
  isAlive,
  monitor,
  receive,
  register,
  self,
  send,
  spawn,
  spawnMonitor,
  whereis,
  type DownMessage,
  type MonitorRef,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { deadPid, mailbox, quietCrashes } from '../../support/mailbox.ts';

quietCrashes();

const waiting = () => spawn(() => receive());

test('[SIG13] monitoring a dead process gives DOWN at once with noproc', async () => {
  const dead = await deadPid();
  await inProcess(async () => {
    const ref = monitor(dead);
    expect(await mailbox()).toEqual([{ type: 'DOWN', ref, pid: dead, reason: 'noproc' }]);
  });
});

test('[SIG14] monitoring an unknown name gives DOWN with the name and the node', async () => {
  await inProcess(async () => {
    const ref = monitor('no_such_name');
    expect(await mailbox()).toEqual([
      {
        type: 'DOWN',
        ref,
        pid: { name: 'no_such_name', node: 'nonode@nohost' },
        reason: 'noproc',
      },
    ]);
  });
});

test('[SIG15] a monitor by name tells the name when the process dies', async () => {
  await inProcess(async () => {
    const pid = waiting();
    register('sig15', pid);
    const ref = monitor('sig15');
    exit(pid, 'boom');
    expect(await mailbox()).toEqual([
      { type: 'DOWN', ref, pid: { name: 'sig15', node: 'nonode@nohost' }, reason: 'boom' },
    ]);
  });
});

test('[SIG16] each monitor of a process gives its own message, in order', async () => {
  await inProcess(async () => {
    const pid = waiting();
    const refs = [monitor(pid), monitor(pid), monitor(pid)];
    exit(pid, 'boom');
    const downs = (await mailbox()) as DownMessage[];
    expect(downs.map((down) => down.ref)).toEqual(refs);
    expect(new Set(refs).size).toBe(3);
  });
});

test('[SIG17] demonitor leaves a DOWN that has arrived, unless it flushes', async () => {
  const dead = await deadPid();
  await inProcess(async () => {
    const first = monitor(dead);
    expect(demonitor(first)).toBe(false);
    expect(await mailbox()).toEqual([{ type: 'DOWN', ref: first, pid: dead, reason: 'noproc' }]);
    const second = monitor(dead);
    const third = monitor(dead);
    demonitor(second, { flush: true });
    expect(await mailbox()).toMatchObject([{ ref: third }]);
  });
});

test('[SIG18] demonitor tells whether the monitor was still active', async () => {
  await inProcess(async () => {
    const pid = waiting();
    const ref = monitor(pid);
    expect(demonitor(ref, { flush: true })).toBe(true);
    expect(demonitor(ref, { flush: true })).toBe(false);
    exit(pid, 'boom');
    expect(await mailbox()).toEqual([]);
  });
});

test('[SIG25] monitoring oneself gives a reference that never fires', async () => {
  const messages: unknown[] = [];
  const pid = spawn(() => {
    const ref = monitor(self());
    expect(ref).toBeDefined();
    expect(demonitor(ref)).toBe(false);
    messages.push('monitored');
  });
  await settle();
  expect(isAlive(pid)).toBe(false);
  expect(messages).toEqual(['monitored']);
});

test('[SIG32] spawnMonitor monitors from the first moment', async () => {
  await inProcess(async () => {
    const { pid, ref } = spawnMonitor(() => exit('boom'));
    expect(await mailbox()).toEqual([{ type: 'DOWN', ref, pid, reason: 'boom' }]);
  });
});

test('a DOWN message is recognised by its reference', async () => {
  const dead = await deadPid();
  await inProcess(async () => {
    const ref = monitor(dead);
    const other = monitor(dead);
    const down = await receive((m): m is DownMessage => other.isDownMessage(m));
    expect(down.ref).toBe(other);
    expect(ref.isDownMessage(null)).toBe(false);
    expect(ref.isDownMessage({ type: 'DOWN' })).toBe(false);
  });
});

test('a monitor of a server by its handle or its via name tells the pid', async () => {
  const Idle = GenServer.define({ init: () => 0 });
  const server = await Idle.start();
  await inProcess(async () => {
    const ref = monitor(server);
    await server.stop();
    expect(await mailbox()).toEqual([{ type: 'DOWN', ref, pid: server.pid, reason: 'normal' }]);
  });
});

test('demonitoring a monitor of another process is refused', async () => {
  await inProcess(async () => {
    const pid = waiting();
    const me = self();
    spawn(() => {
      send(me, monitor(pid));
      return receive();
    });
    const foreign = (await receive()) as MonitorRef;
    expect(() => demonitor(foreign)).toThrow(/ref must be a monitor of the current process/);
    expect(() => demonitor({} as MonitorRef)).toThrow(
      expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
    );
    exit(pid, 'shutdown');
  });
});

test('monitoring something that cannot be a process is refused', async () => {
  await inProcess(() => {
    for (const bad of [undefined, null, 42, {}, '']) {
      expect(() => monitor(bad as never)).toThrow(
        expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
      );
    }
  });
});

test('[SIG29] a name is free when the DOWN message arrives', async () => {
  await inProcess(async () => {
    const pid = waiting();
    register('sig29', pid);
    const ref = monitor(pid);
    exit(pid, 'boom');
    await receive((message) => ref.isDownMessage(message));
    expect(whereis('sig29')).toBeUndefined();
  });
});
