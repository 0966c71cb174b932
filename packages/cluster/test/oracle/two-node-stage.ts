/** Plays scenarios of links, monitors and exit signals with the processes on two nodes. */
import {
  type DownMessage,
  exit,
  type ExitMessage,
  monitor,
  Pid,
  receive,
  self,
  send,
  spawn,
} from '@linnet/otp';
import { Node } from '../../src/index.ts';
import type { SignalsTrace } from '../../../otp/test/oracle/canon.ts';
import type { Json } from '../../../otp/test/oracle/json.ts';
import type { SignalsScenario } from '../../../otp/test/oracle/play-signals.ts';
import { Raised, termOf } from '../../../otp/test/oracle/terms.ts';
import { type Command, quiet, type Quiet, type Report } from './actor.ts';

type Step = SignalsScenario['steps'][number];

export interface TwoNodes {
  readonly here: string;
  readonly there: string;
}

/** A message to the conductor: a report of a process, or its end. */
type Told = Report | DownMessage | Quiet;

class TwoNodeStage {
  readonly #nodes: TwoNodes;
  /** Which of the two nodes the first process is on. */
  readonly #turned: boolean;
  readonly #probe: Pid;
  readonly #pids = new Map<string, Pid>();
  readonly #refs = new Set<string>();
  readonly #exited = new Map<string, Json>();
  #exits: Json[] = [];
  #messages: Record<string, Json[]> = {};
  #result: Json = 'no_result';

  constructor(nodes: TwoNodes, turned: boolean, probe: Pid) {
    this.#nodes = nodes;
    this.#turned = turned;
    this.#probe = probe;
  }

  /** Starts a process of the scenario; neighbours in the order of their start are on different nodes. */
  async start(name: string): Promise<void> {
    this.#add(name, await Node.spawn(this.#nextNode(), 'actor', [name, false, self()]));
  }

  async play(step: Step): Promise<Omit<SignalsTrace['steps'][number], 'i'>> {
    this.#exits = [];
    this.#messages = {};
    const result = await this.#run(step);
    const links = await this.#quiet();
    const [exits, msgs] = [[...this.#exits], this.#messages];
    return { op: step.op, result: result(), exits, msgs, links };
  }

  async end(): Promise<void> {
    for (const pid of this.#pids.values()) exit(pid, 'kill');
    await this.#quiet();
  }

  /** Gives a step to its process; what it has come to can be asked for when all is quiet. */
  async #run(step: Step): Promise<() => Json> {
    const pid = this.#pids.get(step.p);
    if (step.q !== undefined && !this.#pids.has(step.q)) return () => 'absent';
    if (step.op === 'demonitor' && !this.#refs.has(step.ref ?? '')) return () => 'no_ref';
    if (pid === undefined || this.#exited.has(step.p)) return () => 'dead';
    if (step.op === 'alive') return () => !this.#exited.has(step.q ?? '');
    if (step.ref !== undefined) this.#refs.add(step.ref);
    const target = this.#pids.get(step.q ?? '');
    this.#result = 'no_result';
    send(pid, { step, target, node: this.#nextNode() } satisfies Command);
    await this.#quiet();
    return () => (this.#exited.has(step.p) ? 'died' : this.#result);
  }

  #nextNode(): string {
    const isHere = this.#pids.size % 2 === (this.#turned ? 1 : 0);
    return isHere ? this.#nodes.here : this.#nodes.there;
  }

  #add(name: string, pid: Pid): void {
    this.#pids.set(name, pid);
    monitor(pid);
  }

  /** Waits until neither node has anything left to do, and nothing is under way between them. */
  async #quiet(): Promise<Record<string, string[]>> {
    const { there, here } = this.#nodes;
    const pids = [...this.#pids.values()];
    const of = (node: string): Pid[] => pids.filter((pid) => pid.node === node);
    for (let before: readonly number[] = []; ;) {
      const near = await quiet(of(here), there);
      const far = await this.#askProbe(of(there));
      // The question and its answer are one signal each; any other one may have caused something.
      const now = [near.sent, far.sent];
      if (now.every((sent, i) => sent === (before[i] ?? -1) + 1)) {
        return this.#named([...near.links, ...far.links]);
      }
      before = now;
    }
  }

  async #askProbe(pids: readonly Pid[]): Promise<Quiet> {
    send(this.#probe, { from: self(), pids });
    for (;;) {
      const told = (await receive()) as Told;
      if ('links' in told) return told;
      this.#take(told);
    }
  }

  #take(told: Report | DownMessage): void {
    if (told.type === 'result') this.#result = told.result;
    else if (told.type === 'started') this.#add(told.name, told.pid);
    else if (told.type === 'message') {
      (this.#messages[told.name] ??= []).push(this.#message(told.message));
    } else if (Pid.isPid(told.pid)) {
      const name = this.#nameOf(told.pid);
      this.#exited.set(name, this.#term(told.reason));
      this.#exits.push([name, this.#term(told.reason)]);
    }
  }

  #named(links: Quiet['links']): Record<string, string[]> {
    const named: Record<string, string[]> = {};
    for (const [pid, others] of links) {
      if (others.length > 0) named[this.#nameOf(pid)] = others.map(this.#nameOf).toSorted();
    }
    return named;
  }

  #message(message: unknown): Json {
    const { type } = (message ?? {}) as { type?: string };
    if (type === 'EXIT') {
      const { from, reason } = message as ExitMessage;
      return ['EXIT', this.#term(from), this.#term(reason)];
    }
    if (type !== 'DOWN') return this.#term(message);
    const { ref, pid, reason } = message as { ref: string; pid: Pid; reason: unknown };
    return ['DOWN', `&${ref}`, 'process', this.#term(pid), this.#term(reason)];
  }

  #nameOf = (pid: Pid): string => {
    for (const [name, known] of this.#pids) if (known === pid) return name;
    return 'unknown';
  };

  #term(value: unknown): Json {
    return termOf(isRaised(value) ? new Raised(value.term) : value, this.#nameOf);
  }
}

/** The class of an error stays on its node; its name and its fields travel. */
const isRaised = (value: unknown): value is Raised =>
  value instanceof Error && value.name === 'Raised' && 'term' in value;

/** Plays scenarios one after the other, in a process of this node. */
export function playOnTwoNodes(
  scenarios: readonly SignalsScenario[],
  nodes: TwoNodes,
  turned: boolean,
): Promise<SignalsTrace[]> {
  return new Promise((resolve, reject) => {
    spawn(async () => {
      try {
        const probe = await Node.spawn(nodes.there, 'probe', [nodes.here]);
        const traces: SignalsTrace[] = [];
        for (const scenario of scenarios) {
          const stage = new TwoNodeStage(nodes, turned, probe);
          for (const name of scenario.procs) await stage.start(name);
          const steps: Array<SignalsTrace['steps'][number]> = [];
          for (const [i, step] of scenario.steps.entries()) {
            steps.push({ i, ...(await stage.play(step)) });
          }
          await stage.end();
          traces.push({ id: scenario.id, steps });
        }
        exit(probe, 'kill');
        resolve(traces);
      } catch (error) {
        reject(error);
      }
    });
  });
}
