/** What the player of one scenario knows of its processes. */
import { isAlive, Watch, type ExitReason, type Pid } from '@linnet/otp';
import type { Json, TraceEvent } from './json.ts';
import { termOf } from './terms.ts';

/** One incarnation of a named process: `name#n`. */
export interface Incarnation {
  readonly label: string;
  readonly pid: Pid;
  readonly isSupervisor: boolean;
}

export class World {
  readonly #attempts = new Map<string, number>();
  readonly #labels = new Map<Pid, string>();
  /** All that came up under a name, oldest first. */
  readonly #incarnations = new Map<string, Incarnation[]>();
  #events: TraceEvent[] = [];
  /** The exit reasons of the dead, by `name#n`. */
  readonly exits = new Map<string, Json>();
  /** Gates that are closed: an attempt to start such a process waits for its release. */
  readonly gates = new Map<string, Gate>();

  /** Counts an attempt to start a process. */
  attempt(name: string): { readonly label: string; readonly n: number } {
    const n = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, n);
    return { label: `${name}#${n}`, n };
  }

  log(...event: TraceEvent): void {
    this.#events.push(event);
    if (event[0] === 'exit') this.exits.set(event[1], event[2] as Json);
  }

  /** The events since the last call. */
  takeEvents(): TraceEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  label(pid: Pid, label: string): void {
    this.#labels.set(pid, label);
  }

  labelOf = (pid: Pid): string => this.#labels.get(pid) ?? 'unknown';

  /** `name#n`, with a mark when it is dead. */
  stateOf(pid: Pid | 'restarting' | undefined): string {
    if (pid === undefined || pid === 'restarting') return String(pid);
    return isAlive(pid) ? this.labelOf(pid) : `${this.labelOf(pid)}!dead`;
  }

  term(value: unknown): Json {
    return termOf(value, this.labelOf);
  }

  /** A start function has succeeded. */
  cameUp(name: string, incarnation: Incarnation): void {
    const all = this.#incarnations.get(name) ?? [];
    this.#incarnations.set(name, [...all, incarnation]);
  }

  /** The newest live process of a name. */
  live(name: string | undefined): Incarnation | undefined {
    return this.#incarnations.get(name as string)?.findLast(({ pid }) => isAlive(pid));
  }

  /** The last process that came up under a name, dead or alive. */
  last(name: string | undefined): Incarnation | undefined {
    return this.#incarnations.get(name as string)?.at(-1);
  }

  isSupervisor(pid: Pid): boolean {
    for (const all of this.#incarnations.values()) {
      for (const one of all) if (one.pid === pid) return one.isSupervisor;
    }
    return false;
  }

  /** All processes that are alive. */
  survivors(): Incarnation[] {
    return [...this.#incarnations.values()].flat().filter(({ pid }) => isAlive(pid));
  }
}

/** Holds attempts to start one process until the player releases them. */
export class Gate {
  #release: ((outcome: 'ok' | 'fail') => void) | undefined;

  get blocked(): boolean {
    return this.#release !== undefined;
  }

  pass(): Promise<'ok' | 'fail'> {
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(outcome: 'ok' | 'fail'): void {
    const release = this.#release;
    this.#release = undefined;
    release?.(outcome);
  }
}

/** Logs the exit of a process at the moment of its death, if it had come up. */
export class ExitLog extends Watch {
  readonly #world: World;
  readonly #label: string;
  #isUp = false;
  #death: { readonly reason: ExitReason } | undefined;

  constructor(world: World, label: string) {
    super();
    this.#world = world;
    this.#label = label;
  }

  cameUp(): void {
    this.#isUp = true;
    if (this.#death !== undefined) this.#log(this.#death.reason);
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#death = { reason };
    if (this.#isUp) this.#log(reason);
  }

  #log(reason: ExitReason): void {
    this.#world.log('exit', this.#label, this.#world.term(reason));
  }
}
