import assert from 'node:assert';
import { inspect } from 'node:util';
import { Machine, type MachineHandle, type MachineModule, type StartError } from '@linnet/otp';
import { captureCrashReports, settle, TestClock } from '@linnet/otp/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { initialTransition, type AnyStateMachine } from 'xstate';
import { PlainActor } from './plain-actor.ts';
import {
  randomMachine,
  underConstruction,
  walk,
  type Journal,
  type Move,
} from './random-machine.ts';

const walks = { table: 2400, actor: 300 } as const;
const walksPerMachine = 6;

/** A definition under test; its transition table serves all walks of one machine. */
class Definition {
  readonly #module: MachineModule<AnyStateMachine>;
  /** One walk at a time: where the `log` action of the current one writes. */
  #journal: Journal = [];

  constructor(machine: AnyStateMachine, engine: 'table' | 'actor') {
    this.#module = Machine.define(machine, {
      engine,
      logger: (...values) => void this.#journal.push(values.join(' ')),
      terminate: (reason, { input }) => void ((input as ProcessUnderTest).error = reason),
    });
  }

  async start(process: ProcessUnderTest): Promise<MachineHandle<AnyStateMachine>> {
    this.#journal = process.journal;
    return this.#module.start(process);
  }
}

class ProcessUnderTest {
  readonly journal: Journal = [];
  /** What the process ended with. */
  error: unknown;
  readonly #clock = new TestClock().install();
  #handle: MachineHandle<AnyStateMachine> | undefined;

  async start(definition: Definition): Promise<void> {
    try {
      this.#handle = await definition.start(this);
    } catch (error) {
      this.error = (error as StartError).reason;
    }
    await settle();
  }

  get value(): string {
    return this.#handle === undefined ? '' : JSON.stringify(this.#handle.value);
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

const loops = (error: unknown): boolean => String(error).includes('Infinite loop detected');

const ended = ({ error }: { error: unknown }): boolean => error !== undefined;

/** What is seen of either after a move. */
function outcome({ status, value, error }: Pick<PlainActor, 'status' | 'value' | 'error'>): object {
  if (error !== undefined && error !== 'normal') return { error: inspect(error).split('\n')[0] };
  return { status, value };
}

/** Takes one walk by both, as far as it is defined; gives how many actions were compared. */
async function compare(
  definition: Definition,
  limited: AnyStateMachine,
  moves: Move[],
): Promise<number> {
  await using tested = new ProcessUnderTest();
  const actor = new PlainActor(limited);
  if (actor.loops) return 0;
  await tested.start(definition);
  let compared = 0;
  const same = (): void => {
    const is = [tested.journal.slice(compared), outcome(tested)];
    const shouldBe = [actor.journal.slice(compared), outcome(actor)];
    // Of a hundred thousand comparisons only those that fail are to cost something.
    assert.deepStrictEqual(is, shouldBe);
    compared = actor.journal.length;
  };
  if (loops(tested.error)) return 0;
  same();
  for (const [i, move] of moves.entries()) {
    if (ended(actor) || ended(tested)) break;
    if ('wait' in move) actor.advance(move.wait);
    else actor.send(move.event);
    if (actor.ambiguous || actor.loops) break;
    if ('wait' in move) await tested.advance(move.wait);
    // By both ways into the machine.
    else if (i % 4 === 0) await tested.send(move.event);
    else tested.step(move.event);
    if (loops(tested.error)) break;
    same();
  }
  return compared;
}

/** An actor fails with an action in the first round of a loop; the table looks at all of it. */
function loopsAtStart(limited: AnyStateMachine): boolean {
  underConstruction.journal = [];
  try {
    return initialTransition(limited)[0].status === 'error';
  } finally {
    underConstruction.journal = undefined;
  }
}

describe.each(['table', 'actor'] as const)('on the engine "%s"', (engine) => {
  test(
    'a random machine does what a plain xstate actor does, state by state and action by action',
    { timeout: 300_000 },
    async () => {
      const crashes = captureCrashReports();
      onTestFinished(() => crashes[Symbol.dispose]());
      let actions = 0;
      await fc.assert(
        fc.asyncProperty(
          randomMachine,
          fc.array(walk, { minLength: walksPerMachine, maxLength: walksPerMachine }),
          async ({ machine, limited }, several) => {
            fc.pre(!loopsAtStart(limited));
            const definition = new Definition(machine, engine);
            for (const moves of several) actions += await compare(definition, limited, moves);
          },
        ),
        { numRuns: walks[engine] / walksPerMachine },
      );
      // Machines that do nothing would prove nothing.
      expect(actions / walks[engine]).toBeGreaterThan(10);
    },
  );
});
