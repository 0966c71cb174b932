import { receive, spawn, type Pid } from '@linnet/otp';
import { captureCrashReports, settle } from '@linnet/otp/testing';
import { beforeEach, onTestFinished } from 'vitest';

/** Takes everything out of the mailbox of the current process, once the runtime has settled. */
export async function mailbox(): Promise<unknown[]> {
  await settle();
  return flush();
}

/** Takes everything out of the mailbox of the current process. */
export async function flush(): Promise<unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    try {
      messages.push(await receive(() => true, { timeout: 0 }));
    } catch {
      return messages;
    }
  }
}

/** A pid whose process has ended. */
export async function deadPid(): Promise<Pid> {
  const pid = spawn(() => {});
  await settle();
  return pid;
}

/** Keeps the crash reports of each test off standard error. */
export function quietCrashes(): void {
  beforeEach(() => {
    const crashes = captureCrashReports();
    onTestFinished(() => crashes[Symbol.dispose]());
  });
}
