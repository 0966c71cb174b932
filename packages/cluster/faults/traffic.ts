/** Messages and calls to the other node, and what has become of them. */
import { GenServer, receive, send, spawn } from '@linnet/otp';
import { pause } from './fault.ts';
import { there } from './two-nodes.ts';

const counter = { name: 'counter', node: there };

export interface TrafficReport {
  readonly sent: number;
  readonly received: number;
  /** Messages that did not follow the one before them: a gap, a second copy, or an older one. */
  readonly outOfOrder: number;
  readonly calls: number;
  readonly slowest: number;
  /** Calls that have failed, by their code. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Sends from now until `stop`, which waits for what is under way. */
export function traffic(
  messagesPerSecond: number,
  callsPerSecond: number,
): { stop(): Promise<TrafficReport> } {
  const failures = new Map<string, number>();
  let sent = 0;
  let received = 0;
  let outOfOrder = 0;
  let calls = 0;
  let slowest = 0;
  let on = true;
  const call = async (): Promise<void> => {
    const began = performance.now();
    try {
      await GenServer.call(counter, 'value', { timeout: 15_000 });
      calls++;
      slowest = Math.max(slowest, performance.now() - began);
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      failures.set(code, (failures.get(code) ?? 0) + 1);
    }
  };
  const collector = spawn(async () => {
    for (let last = -1; ;) {
      const { echo } = (await receive()) as { echo: number };
      if (echo !== last + 1) outOfOrder++;
      last = echo;
      received++;
    }
  });
  const began = performance.now();
  const running = (async () => {
    const made: Array<Promise<void>> = [];
    while (on) {
      const seconds = (performance.now() - began) / 1000;
      while (sent < seconds * messagesPerSecond) {
        send({ name: 'echo', node: there }, { do: 'echo', from: collector, value: sent++ });
      }
      while (made.length < seconds * callsPerSecond) made.push(call());
      await pause(5);
    }
    await Promise.all(made);
  })();
  return {
    async stop() {
      on = false;
      await running;
      for (let i = 0; i < 400 && received < sent; i++) await pause(10);
      return { sent, received, outOfOrder, calls, slowest, failures };
    },
  };
}

export const failed = ({ failures }: TrafficReport): string =>
  failures.size === 0
    ? 'no call failed'
    : [...failures].map(([code, count]) => `${count} calls failed with ${code}`).join(', ');

export const timedOut = ({ failures }: TrafficReport): number =>
  failures.get('ERR_CALL_TIMEOUT') ?? 0;

/** Whether all has arrived, in order, once. */
export const isComplete = ({ sent, received, outOfOrder, failures }: TrafficReport): boolean =>
  sent === received && outOfOrder === 0 && failures.size === 0;

export const told = (report: TrafficReport): string =>
  `${report.received} of ${report.sent} messages, ${report.outOfOrder} out of order, ` +
  `${report.calls} calls, slowest ${Math.round(report.slowest)} ms, ${failed(report)}`;
