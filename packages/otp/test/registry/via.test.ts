import {
  exit,
  GenServer,
  noreply,
  processInfo,
  reply,
  resume,
  send,
  suspend,
  whereis,
  type Pid,
} from '@linnet/otp';
import { eventually, inProcess, settle } from '@linnet/otp/testing';
import { expect, test } from 'vitest';
import { quietCrashes } from '../support/mailbox.ts';
import { startRegistry } from './support.ts';

quietCrashes();

const Room = GenServer.define({
  init: (guests: number) => guests,
  handleCall: { guests: (n) => reply(n, n) },
  handleCast: { enter: (n) => noreply(n + 1) },
  handleInfo: (n, message) => noreply(message === 'leave' ? n - 1 : n),
});

test('[OTP R017] [REG14] a server is started, called and found by a via name', async () => {
  const rooms = await startRegistry<string, string>('unique');
  await inProcess(async () => {
    const name = rooms.via('r1');
    const room = await Room.startLink(1, { name });
    expect(whereis(name)).toBe(room.pid);
    expect(rooms.whereis('r1')).toBe(room.pid);
    GenServer.cast(name, 'enter');
    send(name, 'leave');
    expect(await GenServer.call(name, 'guests')).toBe(1);
    expect(processInfo(room.pid)?.links).toContain(rooms.details().partitions[0]);
    await expect(Room.startLink(2, { name })).rejects.toThrow(
      expect.objectContaining({ reason: ['already_started', room.pid] }) as Error,
    );
    await room.stop();
    expect(whereis(name)).toBeUndefined();
  });
});

test('[OTP R017] [REG14] a via name carries the value of the entry', async () => {
  const rooms = await startRegistry<string, string>('unique');
  await inProcess(async () => {
    const room = await Room.startLink(1, { name: { via: [rooms.name, 'r1', 'a value'] } });
    expect(rooms.lookup('r1')).toEqual([{ key: 'r1', pid: room.pid, value: 'a value' }]);
    await Room.startLink(1, { name: rooms.via('r2', 'another') });
    expect(rooms.lookup('r2')[0]?.value).toBe('another');
  });
  await settle();
});

test('[OTP R017] [REG14] nobody under a via name is noproc for a call, silence for a cast', async () => {
  const rooms = await startRegistry<string, string>('unique');
  await inProcess(async () => {
    const name = rooms.via('zz');
    await expect(GenServer.call(name, 'guests')).rejects.toThrow(
      expect.objectContaining({
        reason: ['noproc', ['GenServer', 'call', [name, 'guests', 5000]]],
      }) as Error,
    );
    GenServer.cast(name, 'enter');
    expect(() => send(name, 'leave')).toThrow(
      expect.objectContaining({ code: 'ERR_BADARG' }) as Error,
    );
    expect(whereis(name)).toBeUndefined();
    expect(whereis({ via: ['NoReg', 'zz'] })).toBeUndefined();
  });
});

test('[OTP R005] the name of a server that was killed is free at once', async () => {
  const rooms = await startRegistry<string, string>('unique');
  await inProcess(async () => {
    const name = rooms.via('r1');
    const first = await Room.start(1, { name });
    exit(first.pid, 'kill');
    const second = await Room.start(2, { name });
    expect(await GenServer.call(name, 'guests')).toBe(2);
    await second.stop();
  });
});

test('the start of a server is noproc while the partition of its via name is down', async () => {
  const rooms = await startRegistry<string, string>('unique');
  await inProcess(async () => {
    // Its supervisor does not start the partition again before it is resumed.
    await suspend(rooms.pid);
    exit(rooms.details().partitions[0] as Pid, 'kill');
    await expect(Room.start(1, { name: rooms.via('r1') })).rejects.toThrow(
      expect.objectContaining({ reason: 'noproc' }) as Error,
    );
    await resume(rooms.pid);
    await eventually(() => Room.start(1, { name: rooms.via('r1') }));
  });
});

test.each([null, undefined, 5, {}, { name: 'rooms' }, GenServer])(
  'a via name whose registry is %s is no name',
  async (registry) => {
    const name = { via: [registry as never, 'r1'] } as const;
    const refused = expect.objectContaining({ code: 'ERR_BADARG' }) as Error;
    expect(() => whereis(name)).toThrow(refused);
    expect(() => send(name, 'leave')).toThrow(refused);
    await expect(GenServer.call(name, 'guests')).rejects.toThrow(refused);
    await expect(Room.start(1, { name })).rejects.toThrow(refused);
  },
);
