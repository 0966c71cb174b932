/**
 * A supervision tree with a Finch instance in it, for one test: stopped after
 * it, and checked for whatever it left behind.
 */
import { Supervisor, type ChildSpec, type SupervisorHandle } from '@linnet/otp';
import { eventually, leakCheck } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Finch, type InstanceOptions } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';

export interface App {
  readonly name: string;
  readonly finch: Finch;
  readonly supervisor: SupervisorHandle;
}

export interface AppOptions extends Omit<Partial<InstanceOptions>, 'name'> {
  /** Children after the instance, given its name. */
  readonly children?: (name: string) => readonly ChildSpec[];
  readonly maxRestarts?: number;
}

let count = 0;

/** A name that no other test of the file uses. */
export const uniqueName = (): string => `Finch${++count}`;

/** Starts it; call it before anything else that the test starts, servers apart. */
export async function startApp(options: AppOptions = {}): Promise<App> {
  const { children, maxRestarts, ...finch } = options;
  const name = uniqueName();
  leakCheck(onTestFinished);
  const sockets = activeSockets();
  onTestFinished(async () => {
    await eventually(() => expect(activeSockets()).toBeLessThanOrEqual(sockets));
  });
  const list: ChildSpec[] = [Finch.childSpec({ name, ...finch }), ...(children?.(name) ?? [])];
  const supervisor = await Supervisor.startLink(list, {
    strategy: 'one_for_one',
    ...(maxRestarts === undefined ? undefined : { maxRestarts }),
  });
  onTestFinished(async () => {
    await supervisor[Symbol.asyncDispose]();
  });
  return { name, finch: Finch.get(name), supervisor };
}

/** Sockets that keep this program running, those of the test's servers included. */
function activeSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(?:TCPSocket|Pipe|TLS)/.test(name))
    .length;
}

/** Waits until the sockets of a server are gone. */
export async function expectNoConnections(server: {
  getConnections(callback: (error: Error | null, count: number) => void): unknown;
}): Promise<void> {
  await eventually(async () => expect(await connectionsOf(server)).toBe(0));
}

export function connectionsOf(server: {
  getConnections(callback: (error: Error | null, count: number) => void): unknown;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, connections) =>
      error === null ? resolve(connections) : reject(error),
    );
  });
}

/** How many connections the instance's host limits count, in all or to a host. */
export function openSlots(finch: Finch, host?: string): number {
  return requireInstance(finch.name).hostLimits.count(host);
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error as Error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`resolved with ${String(outcome.value)} instead of rejecting`);
}
