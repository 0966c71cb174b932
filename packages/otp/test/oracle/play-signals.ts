/** Plays a scenario of links, monitors and exit signals between bare processes. */
import {
  BadArgumentError,
  exit,
  ExitError,
  isAlive,
  monitor,
  processInfo,
  receive,
  register,
  self,
  send,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unregister,
  Watch,
  whereis,
  type DownMessage,
  type ExitMessage,
  type ExitReason,
  type MonitorRef,
  type Pid,
} from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import type { SignalsTrace } from './canon.ts';
import type { Json } from './json.ts';
import { performSignal, Return, type SignalStep } from './signal-steps.ts';
import { termOf } from './terms.ts';

export interface SignalsScenario {
  readonly id: number;
  readonly procs: readonly string[];
  readonly steps: readonly Step[];
}

/** A step with the processes in which and to which it happens. */
interface Step extends SignalStep {
  readonly p: string;
  readonly q?: string;
}

/** A step to be run inside a process; what it throws ends the process, unless it is a result. */
interface Command {
  readonly run: () => void;
}

const isCommand = (message: unknown): message is Command =>
  typeof message === 'object' && message !== null && 'run' in message;

class Exits extends Watch {
  readonly #tell: (reason: ExitReason) => void;

  constructor(tell: (reason: ExitReason) => void) {
    super();
    this.#tell = tell;
  }

  protected override down(_pid: Pid, reason: ExitReason): void {
    this.#tell(reason);
  }
}

class Stage {
  readonly #pids = new Map<string, Pid>();
  readonly #refs = new Map<string, MonitorRef>();
  #exits: Json[] = [];
  #messages: Record<string, Json[]> = {};

  /** The body of a process: runs commands, and tells of all other messages. */
  body(name: string, trap: boolean): () => Promise<void> {
    return async () => {
      trapExit(trap);
      for (;;) {
        const message = await receive();
        if (!isCommand(message)) {
          (this.#messages[name] ??= []).push(this.#message(message));
          continue;
        }
        try {
          message.run();
        } catch (error) {
          if (error instanceof Return) return;
          throw error;
        }
      }
    };
  }

  add(name: string, pid: Pid): void {
    this.#pids.set(name, pid);
    new Exits((reason) => this.#exits.push([name, this.#term(reason)])).watch(pid);
  }

  async play(step: Step): Promise<Omit<SignalsTrace['steps'][number], 'i'>> {
    this.#exits = [];
    this.#messages = {};
    const result = await this.#run(step);
    const links: Record<string, string[]> = {};
    for (const [name, pid] of this.#pids) {
      const names = (processInfo(pid)?.links ?? []).map((other) => this.#nameOf(other)).toSorted();
      if (names.length > 0) links[name] = names;
    }
    return { op: step.op, result, exits: [...this.#exits], msgs: this.#messages, links };
  }

  async #run(step: Step): Promise<Json> {
    const pid = this.#pids.get(step.p);
    if (step.q !== undefined && !this.#pids.has(step.q)) return 'absent';
    if (step.op === 'demonitor' && !this.#refs.has(step.ref as string)) return 'no_ref';
    if (pid === undefined || !isAlive(pid)) return 'dead';
    let result: Json = 'no_result';
    const run = (): void => {
      try {
        result = this.#perform(step);
      } catch (error) {
        // What a call raises is caught and told; an exit of the process itself goes on.
        if (!isAlive(self()) || !isRaised(error) || endsItself(step)) throw error;
        result = [
          'raised',
          error instanceof BadArgumentError ? 'badarg' : this.#term(error.reason),
        ];
      }
    };
    send(pid, { run } satisfies Command);
    await settle();
    return isAlive(pid) ? result : 'died';
  }

  /** Runs inside the process of the step. */
  #perform(step: Step): Json {
    const q = this.#pids.get(step.q ?? '') as Pid;
    const name = step.name ?? '';
    switch (step.op) {
      case 'spawn':
        return this.#spawn(step);
      case 'monitor_name':
        this.#refs.set(step.ref as string, monitor(name));
        return 'ok';
      case 'send_name':
        send(name, step.msg);
        return 'ok';
      case 'register':
        register(name, q);
        return true;
      case 'unregister':
        unregister(name);
        return true;
      case 'whereis': {
        const pid = whereis(name);
        return pid === undefined ? 'undefined' : `@${this.#nameOf(pid)}`;
      }
      case 'alive':
        return isAlive(q);
      default:
        return performSignal(step, q, this.#refs);
    }
  }

  #spawn(step: Step): Json {
    const name = step.new as string;
    const body = this.body(name, step.trap === true);
    if (step.how === 'monitor') {
      const { pid, ref } = spawnMonitor(body);
      this.#refs.set(step.ref as string, ref);
      this.add(name, pid);
    } else {
      this.add(name, step.how === 'link' ? spawnLink(body) : spawn(body));
    }
    return 'ok';
  }

  #message(message: unknown): Json {
    const { type } = (message ?? {}) as { type?: string };
    if (type === 'EXIT') {
      const { from, reason } = message as ExitMessage;
      return ['EXIT', this.#term(from), this.#term(reason)];
    }
    if (type !== 'DOWN') return this.#term(message);
    const { ref, pid, reason } = message as DownMessage;
    const object = 'name' in pid ? [pid.name as string, '$node'] : this.#term(pid);
    return ['DOWN', `&${this.#refName(ref)}`, 'process', object, this.#term(reason)];
  }

  #refName(ref: MonitorRef): string {
    for (const [name, known] of this.#refs) if (known === ref) return name;
    return 'unknown';
  }

  #nameOf = (pid: Pid): string => {
    for (const [name, known] of this.#pids) if (known === pid) return name;
    return 'unknown';
  };

  #term(value: unknown): Json {
    return termOf(value, this.#nameOf);
  }

  /** Kills what is left. */
  async end(): Promise<void> {
    for (const pid of this.#pids.values()) exit(pid, 'kill');
    await settle();
  }
}

const isRaised = (error: unknown): error is ExitError | BadArgumentError =>
  error instanceof ExitError || error instanceof BadArgumentError;

/** Steps whose purpose is the end of their process. */
const endsItself = ({ op }: Step): boolean => op === 'self_exit';

export async function playSignals(scenario: SignalsScenario): Promise<SignalsTrace> {
  const stage = new Stage();
  for (const name of scenario.procs) stage.add(name, spawn(stage.body(name, false)));
  await settle();
  const steps: Array<SignalsTrace['steps'][number]> = [];
  for (const [i, step] of scenario.steps.entries()) {
    steps.push({ i, ...(await stage.play(step)) });
  }
  await stage.end();
  return { id: scenario.id, steps };
}
