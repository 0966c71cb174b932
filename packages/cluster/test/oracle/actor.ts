/** The processes of a scenario: each runs the steps that it is sent, and tells of all else that it gets. */
import { type MonitorRef, type Pid, processInfo, receive, self, send, trapExit } from '@linnet/otp';
import { settle } from '@linnet/otp/testing';
import { Node, type Modules } from '../../src/index.ts';
import type { Json } from '../../../otp/test/oracle/json.ts';
import { performSignal, Return, type SignalStep } from '../../../otp/test/oracle/signal-steps.ts';

/** A step that a process is to run. */
export interface Command {
  readonly step: SignalStep;
  /** The process to which it is done. */
  readonly target: Pid | undefined;
  /** Where a process is to be started. */
  readonly node: string;
}

/** What a process tells the conductor. */
export type Report =
  | { readonly type: 'result'; readonly result: Json }
  | { readonly type: 'started'; readonly name: string; readonly pid: Pid }
  | { readonly type: 'message'; readonly name: string; readonly message: unknown };

const isCommand = (message: unknown): message is Command =>
  typeof message === 'object' && message !== null && 'step' in message;

async function actor(name: string, trap: boolean, conductor: Pid): Promise<void> {
  trapExit(trap);
  const refs = new Map<string, MonitorRef>();
  const tell = (report: Report): void => send(conductor, report);
  for (;;) {
    const message = await receive();
    if (!isCommand(message)) {
      tell({ type: 'message', name, message: withNames(message, refs) });
      continue;
    }
    try {
      tell({ type: 'result', result: await perform(message, refs, conductor, tell) });
    } catch (error) {
      if (error instanceof Return) return;
      throw error;
    }
  }
}

/** A message as it can travel: a monitor has the name of the scenario. */
function withNames(message: unknown, refs: ReadonlyMap<string, MonitorRef>): unknown {
  if (typeof message !== 'object' || message === null || !('ref' in message)) return message;
  const [name] = [...refs].find(([, ref]) => ref === message.ref) ?? ['unknown'];
  return { ...message, ref: name };
}

async function perform(
  { step, target, node }: Command,
  refs: Map<string, MonitorRef>,
  conductor: Pid,
  tell: (report: Report) => void,
): Promise<Json> {
  if (step.op !== 'spawn') return performSignal(step, target as Pid, refs);
  const name = step.new as string;
  const args = [name, step.trap === true, conductor];
  if (step.how === 'monitor') {
    const { pid, ref } = await Node.spawnMonitor(node, 'actor', args);
    refs.set(step.ref as string, ref);
    tell({ type: 'started', name, pid });
  } else {
    const start = step.how === 'link' ? Node.spawnLink : Node.spawn;
    tell({ type: 'started', name, pid: await start(node, 'actor', args) });
  }
  return 'ok';
}

/** What a node tells about its processes, once nothing is left to do there. */
export interface Quiet {
  readonly links: ReadonlyArray<readonly [pid: Pid, links: readonly Pid[]]>;
  /** Signals that it has sent to the other node so far. */
  readonly sent: number;
}

/** The state of the processes of this node, when all of them wait. */
export async function quiet(pids: readonly Pid[], other: string): Promise<Quiet> {
  await settle();
  const links = pids.map((pid) => [pid, processInfo(pid)?.links ?? []] as const);
  return { links, sent: Node.figures(other)?.signalsSent ?? 0 };
}

/** Answers for its node. */
async function probe(other: string): Promise<void> {
  for (;;) {
    const { from, pids } = (await receive()) as { from: Pid; pids: readonly Pid[] };
    send(from, await quiet(pids, other));
  }
}

export const oracleModules: Modules = { actor, probe, self: (to: Pid) => send(to, self()) };
