import {
  receive,
  Registry,
  spawn,
  type KeysMode,
  type Pid,
  type RegistryHandle,
} from '@linnet/otp';
import { settle, startSupervised } from '@linnet/otp/testing';
import { onTestFinished } from 'vitest';

let count = 0;

/** A name that no other test has. */
export function uniqueName(): string {
  return `Registry${++count}`;
}

/** A registry that lives as long as the test. */
export async function startRegistry<Key = unknown, Value = unknown>(
  keys: KeysMode,
  partitions = 1,
): Promise<RegistryHandle<Key, Value>> {
  const name = uniqueName();
  const options = { name, keys, partitions };
  const { handle } = await startSupervised(
    () => Registry.startLink<Key, Value>(options),
    onTestFinished,
  );
  return handle;
}

/** A process that does something first and then lives until it is stopped. */
export async function living(act: () => void): Promise<Pid> {
  const pid = spawn(async () => {
    act();
    await receive((message) => message === 'end');
  });
  await settle();
  return pid;
}

/** Pids and values, which is what Elixir's look-ups give. */
export function pairs<Value>(
  entries: ReadonlyArray<{ readonly pid: Pid; readonly value: Value }>,
): Array<[Pid, Value]> {
  return entries.map(({ pid, value }) => [pid, value]);
}
