import {
  exit,
  GenServer,
  isAlive,
  monitor,
  noreply,
  receive,
  self,
  send,
  spawn,
  trapExit,
  type Pid,
} from '@linnet/otp';
import { inProcess, settle } from '@linnet/otp/testing';
import * as nact from 'nact';
import { Actor } from 'nact/lib/actor.js';
import { expect, test } from 'vitest';
import { mailbox, quietCrashes } from '../support/mailbox.ts';
import { LocalProcess } from '../../src/process/local-process.ts';
import { actorById, liveActors, liveCount, ProcessActor } from '../../src/process/nact-actor.ts';

quietCrashes();

/** The nact reference of a process: all that nact's own functions take. */
function referenceOf(pid: Pid): never {
  const actor = actorById(pid.id);
  if (actor === undefined) throw new Error(`${String(pid)} is not an actor`);
  return actor.reference as never;
}

test("a process is an actor in nact's system, as long as it lives", async () => {
  const pid = spawn(() => receive());
  const actor = actorById(pid.id) as Actor;
  expect(actor).toBeInstanceOf(Actor);
  expect(actor).toBeInstanceOf(ProcessActor);
  expect(actor).toBeInstanceOf(LocalProcess);
  const { children } = actor.system as { children: ReadonlyMap<string, Actor> };
  expect(children.get(String(pid.id))).toBe(actor);
  expect([...liveActors()]).toContain(actor);
  const alive = liveCount();
  exit(pid, 'shutdown');
  expect(actorById(pid.id)).toBeUndefined();
  expect(liveCount()).toBe(alive - 1);
  expect(actor.stopped).toBe(true);
  expect(children.has(String(pid.id))).toBe(false);
});

test('nact.dispatch(reference, message) reaches the mailbox', async () => {
  await inProcess(async () => {
    nact.dispatch(referenceOf(self()), 'from nact' as never);
    send(self(), 'from send');
    expect(await mailbox()).toEqual(['from nact', 'from send']);
  });
  const seen: unknown[] = [];
  const Server = GenServer.define({
    init: () => 0,
    handleInfo: (n, message) => {
      seen.push(message);
      return noreply(n);
    },
  });
  await using server = await Server.start();
  nact.dispatch(referenceOf(server.pid), 'to a server' as never);
  await settle();
  expect(seen).toEqual(['to a server']);
});

test('nact.query(reference, message) is answered by a process', async () => {
  const pid = spawn(async () => {
    const { replyTo, n } = (await receive()) as { replyTo: never; n: number };
    nact.dispatch(replyTo, (n * 2) as never);
  });
  const answer: unknown = await nact.query(
    referenceOf(pid),
    ((replyTo: unknown) => ({ replyTo, n: 21 })) as never,
    10_000,
  );
  expect(answer).toBe(42);
});

test('nact.stop(reference) is the exit signal shutdown', async () => {
  await inProcess(async () => {
    const plain = spawn(() => receive());
    monitor(plain);
    nact.stop(referenceOf(plain));
    expect(await mailbox()).toMatchObject([{ type: 'DOWN', reason: 'shutdown' }]);
    const me = self();
    const trapping = spawn(async () => {
      trapExit();
      send(me, 'ready');
      send(me, await receive());
    });
    await receive();
    nact.stop(referenceOf(trapping));
    expect(await receive()).toMatchObject({ type: 'EXIT', reason: 'shutdown' });
  });
});

test('a reference that was kept reaches nobody after the death of its process', async () => {
  const pid = spawn(() => receive());
  const reference = referenceOf(pid);
  exit(pid, 'shutdown');
  const later = spawn(() => receive());
  nact.dispatch(reference, 'lost' as never);
  nact.stop(reference);
  await settle();
  expect(isAlive(later)).toBe(true);
  exit(later, 'shutdown');
});

test('the process table is flat and shrinks', async () => {
  const before = liveCount();
  const pids = Array.from({ length: 1000 }, () => spawn(() => receive()));
  const actor = actorById((pids[0] as Pid).id) as Actor;
  expect(actor.children.size).toBe(0);
  expect(liveCount()).toBe(before + 1000);
  for (const pid of pids) exit(pid, 'shutdown');
  expect(liveCount()).toBe(before);
});
