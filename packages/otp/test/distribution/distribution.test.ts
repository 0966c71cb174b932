/** What the runtime hands to the way to other nodes, and what it takes from it. */
import { afterEach, describe, expect, test } from 'vitest';
import {
  Alias,
  alias,
  demonitor,
  exit,
  GenServer,
  link,
  monitor,
  onDeath,
  Pid,
  receive,
  reply,
  self,
  send,
  spawn,
  trapExit,
  unalias,
  unlink,
} from '../../src/index.ts';
import {
  envelopeOf,
  exitReceived,
  isLocal,
  linkDownReceived,
  linkReceived,
  localPid,
  monitorReceived,
  openEnvelope,
  receiveCall,
  startDistribution,
  thisNode,
  unlinkReceived,
  type Distribution,
  type RemoteCall,
  type RemoteMonitor,
} from '../../src/distribution/index.ts';
import { inProcess } from '../../src/testing/index.ts';

const remote = new Pid('there@host', 5, 7);
const name = { name: 'server', node: 'there@host' };

/** Keeps what it is given. */
class Recorder implements Distribution {
  readonly seen: unknown[][] = [];
  readonly monitors: RemoteMonitor[] = [];
  readonly calls: RemoteCall[] = [];

  send(...args: unknown[]): void {
    this.seen.push(['send', ...args]);
  }
  aliasSend(...args: unknown[]): void {
    this.seen.push(['aliasSend', ...args]);
  }
  exit(...args: unknown[]): void {
    this.seen.push(['exit', ...args]);
  }
  link(...args: unknown[]): void {
    this.seen.push(['link', ...args]);
  }
  unlink(...args: unknown[]): void {
    this.seen.push(['unlink', ...args]);
  }
  linkDown(...args: unknown[]): void {
    this.seen.push(['linkDown', ...args]);
  }
  monitor(to: unknown, watched: RemoteMonitor): void {
    this.seen.push(['monitor', to]);
    this.monitors.push(watched);
  }
  demonitor(to: unknown): void {
    this.seen.push(['demonitor', to]);
  }
  call(to: unknown, call: RemoteCall): void {
    this.seen.push(['call', to, call.request]);
    this.calls.push(call);
  }
  dropCall(to: unknown): void {
    this.seen.push(['dropCall', to]);
  }
}

let leave: (() => void) | undefined;
afterEach(() => {
  leave?.();
  leave = undefined;
});

function start(): Recorder {
  const recorder = new Recorder();
  leave = startDistribution('here@host', recorder);
  return recorder;
}

test('a runtime is one node, until it leaves; its pids stay local', () => {
  const before = spawn(() => receive());
  start();
  expect(thisNode().name).toBe('here@host');
  const after = spawn(() => receive());
  expect(after.node).toBe('here@host');
  expect([isLocal(before), isLocal(after), isLocal(remote)]).toEqual([true, true, false]);
  expect(() => startDistribution('other@host', new Recorder())).toThrow('here@host');
  leave?.();
  expect(thisNode().name).toBe('nonode@nohost');
  expect([isLocal(before), isLocal(after)]).toEqual([true, true]);
  expect(localPid(after.id)).toBe(after);
  exit(before, 'kill');
  exit(after, 'kill');
});

test('messages go through aliases of other nodes, which alone know whether they are active', async () => {
  const recorder = start();
  const elsewhere = new Alias('there@host', 5, 3);
  send(elsewhere, 'hello');
  expect(recorder.seen).toEqual([['aliasSend', elsewhere, 'hello']]);
  expect(elsewhere.active).toBe(true);
  expect(String(elsewhere)).toBe('#Alias<there@host.3.5>');
  await inProcess(() => {
    expect(() => unalias(elsewhere)).toThrow('an alias of the current process');
    const own = alias();
    expect([own.node, own.creation]).toEqual(['here@host', thisNode().creation]);
    // As it comes back after it was taken back and forgotten.
    const over = new Alias(own.node, own.creation, own.id + 1000);
    expect(over.active).toBe(false);
    expect(unalias(over)).toBe(false);
    send(over, 'swallowed');
  });
  expect(recorder.seen).toHaveLength(1);
});

test('messages, casts and exit signals go to pids and names of other nodes', () => {
  const recorder = start();
  send(remote, 'hello');
  send(name, 'hello');
  exit(remote, 'shutdown');
  GenServer.cast(name, ['add', 1]);
  expect(recorder.seen.slice(0, 3)).toEqual([
    ['send', remote, 'hello'],
    ['send', name, 'hello'],
    ['exit', remote, expect.any(Pid), 'shutdown'],
  ]);
  const envelope = envelopeOf(recorder.seen[3]?.[2]);
  expect(envelope).toEqual({ kind: 'cast', content: ['add', 1] });
  expect(envelopeOf('hello')).toBeUndefined();
  expect(() => openEnvelope({ kind: 'cast', content: 7 })).toThrow('envelope');
  const replaced = { operation: 'replaceState', replace: 'x' };
  expect(() => openEnvelope({ kind: 'system', content: replaced })).toThrow('envelope');
});

describe('monitors', () => {
  test('are made there, and tell once', async () => {
    const recorder = start();
    await inProcess(async () => {
      const ref = monitor(name);
      expect(recorder.seen).toEqual([['monitor', name]]);
      recorder.monitors[0]?.down('boom');
      recorder.monitors[0]?.down('again');
      expect(await receive()).toEqual({ type: 'DOWN', ref, pid: name, reason: 'boom' });
      expect(demonitor(ref)).toBe(false);
      expect(recorder.seen).toHaveLength(1);
    });
  });

  test('are taken back there, by demonitor and by the death of their owner', async () => {
    const recorder = start();
    await inProcess(() => {
      expect(demonitor(monitor(remote))).toBe(true);
    });
    await inProcess(() => void monitor(remote));
    expect(recorder.seen.map(([what]) => what)).toEqual([
      'monitor',
      'demonitor',
      'monitor',
      'demonitor',
    ]);
  });

  test('onDeath is told of processes of other nodes; of all of them, when there is no way there', () => {
    const recorder = start();
    const reasons: unknown[] = [];
    onDeath(remote, (reason) => reasons.push(reason));
    recorder.monitors[0]?.down('boom');
    leave?.();
    onDeath(remote, (reason) => reasons.push(reason));
    expect(reasons).toEqual(['boom', 'noconnection']);
  });

  test('of other nodes are told when the process here ends', async () => {
    start();
    const pid = spawn(() => receive());
    const reasons: unknown[] = [];
    monitorReceived(pid, (reason) => reasons.push(reason));
    monitorReceived(pid, () => reasons.push('taken back')).unwatch();
    exit(pid, 'kill');
    monitorReceived(pid, (reason) => reasons.push(reason));
    expect(reasons).toEqual(['killed', 'noproc']);
  });
});

describe('links', () => {
  test('are made and removed there, and carry the death of the process here', async () => {
    const recorder = start();
    const pid = await inProcess(() => {
      link(remote);
      unlink(remote);
      link(remote);
      return recorder.seen[0]?.[2] as Pid;
    });
    expect(recorder.seen).toEqual([
      ['link', remote, pid],
      ['unlink', remote, pid],
      ['link', remote, pid],
      ['linkDown', remote, pid, 'normal'],
    ]);
  });

  test('of other nodes carry their deaths here, unless they were removed', async () => {
    start();
    const pid = spawn(() => receive());
    expect(linkReceived(pid, remote)).toBe(true);
    expect(unlinkReceived(pid, remote)).toBe(true);
    linkDownReceived(pid, remote, 'boom');
    expect(localPid(pid.id)).toBe(pid);
    linkReceived(pid, remote);
    linkDownReceived(pid, remote, 'shutdown');
    expect(localPid(pid.id)).toBeUndefined();
    expect(linkReceived(pid, remote)).toBe(false);
  });

  test('exit signals of other nodes come as messages to a process that traps', async () => {
    start();
    await inProcess(async () => {
      trapExit();
      exitReceived(self(), remote, 'please');
      expect(await receive()).toEqual({ type: 'EXIT', from: remote, reason: 'please' });
    });
  });
});

describe('calls', () => {
  test('are answered, fail, or are dropped when they take too long', async () => {
    const recorder = start();
    const first = GenServer.call(name, 'value');
    recorder.calls[0]?.reply(3);
    expect(await first).toBe(3);
    const second = GenServer.call(remote, 'value');
    recorder.calls[1]?.fail(['nodedown', 'there@host']);
    await expect(second).rejects.toMatchObject({ code: 'ERR_NOCONNECTION' });
    await expect(GenServer.call(remote, 'value', { timeout: 1 })).rejects.toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
    });
    expect(recorder.seen.at(-1)).toEqual(['dropCall', remote]);
  });

  test('are dropped when the caller dies', async () => {
    const recorder = start();
    await inProcess(() => {
      void GenServer.call(remote, 'value').catch(() => {});
    });
    expect(recorder.seen.at(-1)).toEqual(['dropCall', remote]);
  });

  test('of other nodes reach a server here, with the pid of their caller', async () => {
    start();
    const Server = GenServer.define({
      init: () => 0,
      handleCall: { caller: (n) => reply(GenServer.from().pid, n) },
    });
    await using server = await Server.start();
    const outcomes: unknown[] = [];
    const answer = await new Promise((resolve) => {
      receiveCall(server.pid, 'caller', remote, { reply: resolve, fail: resolve });
    });
    expect(answer).toBe(remote);
    receiveCall('absent', 'caller', remote, {
      reply: (value) => outcomes.push(value),
      fail: (why) => outcomes.push(why),
    });
    expect(outcomes).toEqual(['noproc']);
  });
});
