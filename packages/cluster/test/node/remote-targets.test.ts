/**
 * Every function of `@linnet/otp` that takes a process, with a pid or name of another node: it does there
 * what it does here, or its error says why it cannot.
 */
import {
  Agent,
  BadArgumentError,
  demonitor,
  type DownMessage,
  DynamicSupervisor,
  exit,
  exitAfter,
  type ExitMessage,
  GenServer,
  getState,
  isAlive,
  killAfter,
  link,
  Machine,
  monitor,
  onDeath,
  Pg,
  type Pid,
  processInfo,
  readTimer,
  receive,
  register,
  Registry,
  replaceState,
  resume,
  self,
  send,
  sendAfter,
  sendInterval,
  cancelTimer,
  sendRequest,
  Supervisor,
  suspend,
  Task,
  trace,
  trapExit,
  unlink,
  waitResponse,
  whereis,
  type AnySupervisorHandle,
} from '@linnet/otp';
import { eventually, inProcess } from '@linnet/otp/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, DataCloneError } from '../../src/index.ts';
import { mainNode, workerNode } from '../support/with-workers.ts';
import { workersOf } from '../support/workers-of.ts';
import { program } from './remote-targets-worker.ts?program';

const node = workerNode(1);
const at = (name: string) => ({ name, node });

let supervisor: AnySupervisorHandle;
let counter: Pid;
beforeAll(async () => {
  supervisor = await Supervisor.startLink(
    [
      Cluster.childSpec({ name: mainNode, cookie: 'secret' }),
      workersOf(program, 1),
      Pg.childSpec({ scope: 'remote-targets' }),
    ],
    { strategy: 'rest_for_one' },
  );
  // It is registered last.
  counter = await eventually(() => GenServer.call<Pid>(at('counter'), 'pid'));
});
afterAll(async () => {
  await supervisor.stop();
});

/** A process there that ends when it is told to. */
const victim = (): Promise<Pid> => GenServer.call<Pid>(at('counter'), 'victim');
const isDown = (m: unknown): m is DownMessage =>
  typeof m === 'object' && m !== null && 'type' in m && m.type === 'DOWN';
const downReason = async (): Promise<unknown> => (await receive(isDown)).reason;

describe('by pid', () => {
  test.each<[string, (pid: Pid) => unknown, unknown]>([
    ['exit', (pid) => exit(pid, 'why'), 'why'],
    ['exit with kill', (pid) => exit(pid, 'kill'), 'killed'],
    ['exitAfter', (pid) => exitAfter(pid, 'why', 1), 'why'],
    ['killAfter', (pid) => killAfter(pid, 1), 'killed'],
    ['send', (pid) => send(pid, 'end'), 'normal'],
    ['sendAfter', (pid) => sendAfter(pid, 'end', 1), 'normal'],
    ['GenServer.stop', (pid) => GenServer.stop(pid, 'why'), 'why'],
  ])('%s ends the process there', async (_name, act, reason) => {
    await inProcess(async () => {
      const pid = await victim();
      monitor(pid);
      await act(pid);
      expect(await downReason()).toBe(reason);
    });
  });

  test('link and unlink, monitor and demonitor, onDeath', async () => {
    await inProcess(async () => {
      trapExit();
      const [linked, unlinked, watched] = [await victim(), await victim(), await victim()];
      link(linked);
      link(unlinked);
      unlink(unlinked);
      const ref = monitor(unlinked);
      expect(demonitor(ref)).toBe(true);
      const reason = new Promise((resolve) => void onDeath(watched, resolve));
      for (const pid of [linked, unlinked, watched]) exit(pid, 'why');
      const isExit = (m: unknown): m is ExitMessage => !isDown(m);
      expect(await receive(isExit)).toEqual({ type: 'EXIT', from: linked, reason: 'why' });
      expect(await reason).toBe('why');
      await expect(receive(undefined, { timeout: 0 })).rejects.toThrow('no matching message');
    });
  });

  test('calls, casts, requests and system messages', async () => {
    await inProcess(async () => {
      expect(await GenServer.call(counter, 'value')).toBe(5);
      GenServer.cast(counter, ['add', 2]);
      GenServer.cast({ pid: counter }, ['add', 1]);
      expect(await getState(counter)).toBe(8);
      const answer = await waitResponse(sendRequest(counter, 'value'), { timeout: 5000 });
      expect(answer).toMatchObject({ outcome: 'reply', value: 8 });
      await suspend(counter);
      await expect(GenServer.call(counter, 'value', { timeout: 20 })).rejects.toThrow('timed out');
      await resume(counter);
      await trace(counter, undefined);
      GenServer.cast(counter, ['add', -3]);
      expect(await GenServer.call(counter, 'value')).toBe(5);
    });
  });

  test('a timer that sends again and again', async () => {
    await inProcess(async () => {
      const timer = sendInterval(counter, { to: self() }, 1);
      expect(await receive()).toBe('told');
      expect(await receive()).toBe('told');
      cancelTimer(timer);
      const pid = await victim();
      const ended = sendInterval(pid, 'end', 1);
      monitor(pid);
      expect(await downReason()).toBe('normal');
      // It ends with the process.
      await eventually(() => expect(readTimer(ended)).toBe(false));
    });
  });
});

describe('by name', () => {
  test('what a supervisor is asked is answered, and refused with its own errors', async () => {
    const ref = at('supervisor');
    const [child] = await Supervisor.whichChildren(ref);
    expect(child).toMatchObject({ id: 'child', type: 'worker' });
    expect(child?.pid).toMatchObject({ node });
    expect(await Supervisor.whichChild(ref, 'child')).toEqual(child);
    expect(await Supervisor.countChildren(ref)).toMatchObject({ active: 1 });
    await expect(Supervisor.deleteChild(ref, 'child')).rejects.toMatchObject({ reason: 'running' });
    await Supervisor.terminateChild(ref, 'child');
    expect(await Supervisor.restartChild(ref, 'child')).toMatchObject({ node });
    await Supervisor.terminateChild(ref, 'child');
    await Supervisor.deleteChild(ref, 'child');
    await expect(Supervisor.terminateChild(ref, 'child')).rejects.toMatchObject({
      reason: 'not_found',
    });
    expect(await Supervisor.at(ref).countChildren()).toMatchObject({ specs: 0 });
    await Supervisor.stop(ref);
    await expect(Supervisor.countChildren(ref)).rejects.toThrow('noproc');
  });

  test('what a DynamicSupervisor and a Task.Supervisor are asked is answered', async () => {
    const [child] = await DynamicSupervisor.whichChildren(at('dynamic'));
    expect(child?.pid).toMatchObject({ node });
    expect(await DynamicSupervisor.countChildren(at('dynamic'))).toMatchObject({ active: 1 });
    if (child?.pid !== undefined) {
      await DynamicSupervisor.terminateChild(at('dynamic'), child.pid as Pid);
    }
    expect(await DynamicSupervisor.whichChildren(at('dynamic'))).toEqual([]);
    expect(await Task.Supervisor.children(at('tasks'))).toEqual([]);
  });

  test('a machine takes events and calls', async () => {
    Machine.send(at('door'), { type: 'open' });
    expect(await Machine.call(at('door'), { type: 'ask' })).toBe('opened');
    expect(await getState(at('door'))).toBeDefined();
  });

  test('monitor, send, sendAfter; an agent is stopped', async () => {
    await inProcess(async () => {
      send(at('counter'), { to: self() });
      expect(await receive()).toBe('told');
      sendAfter(at('counter'), { to: self() }, 1);
      expect(await receive()).toBe('told');
      const ref = monitor(at('agent'));
      await Agent.stop(at('agent'));
      expect(await receive(isDown)).toMatchObject({ ref, reason: 'normal' });
      monitor(at('agent'));
      expect(await downReason()).toBe('noproc');
      expect(whereis(at('counter'))).toBeUndefined();
    });
  });
});

describe('what cannot be', () => {
  test.each<[string, () => unknown, string]>([
    ['a child with a start function', () => Supervisor.startChild(at('dynamic'), spec), 'start'],
    ['a dynamic child', () => DynamicSupervisor.startChild(at('dynamic'), spec), 'start'],
    ['a task with a function', () => Task.Supervisor.startChild(at('tasks'), () => 1), 'start'],
    ['a function for an agent', () => Agent.get(at('agent'), (n) => n), 'function'],
    ['an update of an agent', () => Agent.update(at('agent'), (n) => n), 'function'],
    ['a cast to an agent', () => Agent.cast(at('agent'), (n) => n), 'function'],
    ['a replaced state', () => replaceState(at('counter'), (n) => n), 'replace'],
    ['a listener of a trace', () => trace(at('counter'), () => {}), 'listener'],
    ['a function in a call', () => GenServer.call(at('counter'), ['add', () => {}]), 'request[1]'],
    ['a function in a cast', () => GenServer.cast(at('counter'), ['add', () => {}]), 'request[1]'],
    ['a function in a message', () => send(at('counter'), { act: () => {} }), 'message.act'],
  ])('%s is a DataCloneError', async (_name, act, path) => {
    const failure = await inProcess(async () => {
      try {
        await act();
      } catch (error) {
        return error;
      }
      return undefined;
    });
    expect(failure).toBeInstanceOf(DataCloneError);
    expect((failure as DataCloneError).message).toContain(path);
  });

  test.each<[string, () => unknown]>([
    ['isAlive', () => isAlive(counter)],
    ['processInfo', () => processInfo(counter)],
    ['register', () => register('elsewhere', counter)],
    ['Pg.join of this node', () => Pg.join('g', counter, { scope: 'remote-targets' })],
    ['a symbol as the name', () => send({ name: Symbol('s'), node }, 'x')],
    ['link by name', () => link(at('counter') as unknown as Pid)],
    ['exit by name', () => exit(at('counter') as unknown as Pid, 'x')],
  ])('%s is a BadArgumentError', async (_name, act) => {
    await inProcess(() => expect(act).toThrow(BadArgumentError));
  });

  test('the answer that holds a function is an error of the call', async () => {
    await expect(GenServer.call(at('counter'), 'function')).rejects.toThrow('reply is a function');
    await expect(Supervisor.getChildSpec(at('supervisor2'), 'child')).rejects.toThrow(
      'reply.value.start is a function',
    );
  });

  test('a registry is of one node', () => {
    expect(() => Registry.lookup('registry', 'key')).toThrow('unknown registry');
  });

  test('a node that is not there: calls fail, monitors and links say noconnection, the rest does nothing', async () => {
    await inProcess(async () => {
      const absent = { name: 'counter', node: 'absent@127.0.0.1' };
      await expect(GenServer.call(absent, 'value')).rejects.toMatchObject({
        code: 'ERR_NOCONNECTION',
      });
      await expect(Supervisor.countChildren(absent)).rejects.toMatchObject({
        code: 'ERR_NOCONNECTION',
      });
      monitor(absent);
      expect(await downReason()).toBe('noconnection');
      send(absent, 'x');
      GenServer.cast(absent, ['add', 1]);
      sendAfter(absent, 'x', 0);
    });
  });
});

const spec = { id: 'x', start: () => Promise.resolve(self()) };
