import { Machine, StartError, type MachineHandle } from '@linnet/otp';
import { captureCrashReports, settle, TestClock } from '@linnet/otp/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { PlainActor } from './plain-actor.ts';
import { randomMachine, walk, type Journal, type Move } from './random-machine.ts';

const walks = { table: 2400, actor: 400 } as const;
const walksPerMachine = 6;

class ProcessUnderTest {
  readonly journal: Journal = [];
  readonly #clock = new TestClock().install();
  #handle: MachineHandle<AnyStateMachine> | undefined;
  /** What the process ended with. */
  error: unknown;

  async start(machine: AnyStateMachine, engine: 'table' | 'actor'): Promise<void> {
    const Module = Machine.define(machine, {
      engine,
      logger: (...values) => void this.journal.push(values.join(' ')),
      terminate: (reason) => void (this.error = reason),
    });
    try {
      this.#handle = await Module.start({ journal: this.journal });
    } catch (error) {
      this.error = (error as StartError).reason;
    }
    await settle();
  }

  get value(): string | undefined {
    return this.#handle === undefined ? undefined : JSON.stringify(this.#handle.value);
  }

  get status(): string {
    return this.#handle === undefined ? 'error' : this.#handle.snapshot().status;
  }

  step(type: string): void {
    this.#handle?.step({ type });
  }

  async send(type: string): Promise<void> {
    this.#handle?.send({ type });
    await settle();
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.[Symbol.asyncDispose]();
    this.#clock.uninstall();
  }
}

const ended = ({ error }: { error: unknown }): boolean => error !== undefined;

async function compare(machine: AnyStateMachine, moves: Move[], engine: 'table' | 'actor') {
  await using machineProcess = new ProcessUnderTest();
  await machineProcess.start(machine, engine);
  const actor = new PlainActor(machine);
  const same = (): void => {
    expect(machineProcess.journal).toEqual(actor.journal);
    if (actor.status === 'error') {
      expect(String(machineProcess.error)).toBe(String(actor.error));
      return;
    }
    expect(machineProcess.value).toBe(actor.value);
    expect(machineProcess.status).toBe(actor.status);
    if (actor.status === 'done') expect(machineProcess.error).toBe('normal');
  };
  same();
  for (const [i, move] of moves.entries()) {
    if (ended(actor) || ended(machineProcess)) break;
    if ('wait' in move) {
      actor.advance(move.wait);
      await machineProcess.advance(move.wait);
    } else {
      actor.send(move.event);
      // By both ways into the machine.
      if (i % 3 === 0) await machineProcess.send(move.event);
      else machineProcess.step(move.event);
    }
    same();
  }
  return machineProcess.journal.length;
}

describe.each(['table', 'actor'] as const)('on the engine "%s"', (engine) => {
  test(
    'a random machine does what a plain xstate actor does, state by state and action by action',
    { timeout: 180_000 },
    async () => {
      const crashes = captureCrashReports();
      onTestFinished(() => crashes[Symbol.dispose]());
      let taken = 0;
      let actions = 0;
      await fc.assert(
        fc.asyncProperty(
          randomMachine,
          fc.array(walk, { minLength: walksPerMachine, maxLength: walksPerMachine }),
          async (machine, several) => {
            for (const moves of several) {
              actions += await compare(machine, moves, engine);
              taken++;
            }
          },
        ),
        { numRuns: walks[engine] / walksPerMachine },
      );
      expect(taken).toBeGreaterThanOrEqual(walks[engine]);
      // Machines that do nothing would prove nothing.
      expect(actions / taken).toBeGreaterThan(10);
    },
  );
});
