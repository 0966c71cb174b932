/**
 * A supervision tree with a Finch instance in it, for one test: stopped after
 * it, and checked for whatever it left behind.
 */
import { Supervisor, type ChildSpec, type SupervisorHandle } from '@linnet/otp';
import { eventually } from '@linnet/otp/testing';
import { expect, onTestFinished } from 'vitest';
import { Finch, type InstanceOptions } from '../../src/index.ts';
import { requireInstance } from '../../src/instance/instance.ts';
import { noLeaks } from './no-leaks.ts';
import { uniqueName } from './unique-name.ts';

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

/** Starts it; call it before anything else that the test starts, servers apart. */
export async function startApp(options: AppOptions = {}): Promise<App> {
  const { children, maxRestarts, ...finch } = options;
  const name = uniqueName();
  noLeaks();
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

/** Waits until the sockets of a server are gone. */
export async function expectNoConnections(server: {
  getConnections(callback: (error: Error | null, count: number) => void): unknown;
}): Promise<void> {
  await eventually(async () => expect(await openSocketsOf(server)).toBe(0));
}

/** How many sockets a server has. */
export function openSocketsOf(server: {
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
