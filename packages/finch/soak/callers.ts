/** The callers: half of them plain code, half of them processes, some of which die. */
import { exit, isAlive, spawn, type Pid } from '@linnet/otp';
import { call, type Caller } from './calls.ts';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

export class Callers {
  private readonly world: World;
  private readonly tally: Tally;
  private readonly random: Random;
  private readonly call: (caller: Caller) => Promise<void>;
  private stopping = false;
  private readonly loops: Promise<void>[] = [];
  private readonly processes: Caller[] = [];

  constructor(world: World, tally: Tally, random: Random, count: number, callOnce = call) {
    this.call = callOnce;
    this.world = world;
    this.tally = tally;
    this.random = random;
    for (let index = 0; index < count; index++) {
      if (index % 2 === 0) this.loops.push(this.loop(this.caller(undefined)));
      else this.processes.push(this.process());
    }
  }

  /** Some process dies, and another one takes its place. */
  killOne(): void {
    const index = this.random.between(0, this.processes.length - 1);
    const caller = this.processes[index];
    if (this.stopping || caller?.pid === undefined) return;
    this.kill(caller, caller.pid);
    this.processes[index] = this.process();
  }

  /** Nothing new; what is under way comes to its end. */
  stop(): void {
    this.stopping = true;
  }

  /** Resolves when no caller has anything left to do; call it only when nothing is pending. */
  async ended(): Promise<void> {
    await Promise.all(this.loops);
    for (const { pid } of this.processes) {
      while (pid !== undefined && isAlive(pid)) await pause(1);
    }
  }

  private process(): Caller {
    const random = this.random.fork();
    const { world, tally } = this;
    const caller: { -readonly [K in keyof Caller]: Caller[K] } = {
      world,
      tally,
      random,
      pid: undefined,
      current: undefined,
    };
    caller.pid = spawn(async () => {
      await this.loop(caller);
    });
    return caller;
  }

  private caller(pid: Pid | undefined): Caller {
    const { world, tally, random } = this;
    return { world, tally, random: random.fork(), pid, current: undefined };
  }

  private kill(caller: Caller, pid: Pid): void {
    const { current } = caller;
    if (current !== undefined && !current.ended) {
      // Nobody is left who could get the messages.
      if (current.what.startsWith('asyncRequest')) this.tally.end(current, 'the caller died');
      else this.tally.endsNow(current);
    }
    exit(pid, this.random.chance(0.5) ? 'kill' : 'shutdown');
    this.tally.killed('caller');
  }

  private async loop(caller: Caller): Promise<void> {
    const { random } = caller;
    while (!this.stopping && (caller.pid === undefined || isAlive(caller.pid))) {
      await this.call(caller);
      await pause(random.between(0, 30));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
