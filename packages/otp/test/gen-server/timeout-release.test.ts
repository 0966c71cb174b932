import { exit, GenServer, noreply, ok } from '@linnet/otp';
import { expect, test } from 'vitest';
import { systemClock, useClock, type Clock } from '../../src/process/time/clock.ts';

test('a killed server leaves no timer behind', async () => {
  const pending = new Set<object>();
  const counting: Clock = {
    now: () => systemClock.now(),
    wakeAfter(delay, callback) {
      const wakeup = systemClock.wakeAfter(delay, callback);
      pending.add(wakeup);
      return {
        cancel: () => (pending.delete(wakeup), wakeup.cancel()),
        keepAlive: (on) => wakeup.keepAlive(on),
      };
    },
  };
  const restore = useClock(counting);
  try {
    const Idle = GenServer.define({
      init: () => ok(0, 3_600_000),
      handleInfo: (n) => noreply(n),
    });
    const { pid } = await Idle.start();
    expect(pending.size).toBe(1);
    exit(pid, 'kill');
    // An empty list of timers gives its wake-up back after the current turn of the event loop.
    await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));
    expect(pending.size).toBe(0);
  } finally {
    restore();
  }
});
