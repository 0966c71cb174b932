/** What the processes of a scenario of signals do to each other, on one node or on several. */
import {
  demonitor,
  exit,
  link,
  monitor,
  type MonitorRef,
  type Pid,
  send,
  trapExit,
  unlink,
} from '@linnet/otp';
import type { Json } from './json.ts';
import { Raised, reasonFrom } from './terms.ts';

/** One thing that a process does. */
export interface SignalStep {
  readonly op: string;
  readonly new?: string;
  readonly how?: 'plain' | 'link' | 'monitor';
  readonly trap?: boolean;
  readonly ref?: string;
  readonly reason?: Json;
  readonly flag?: boolean;
  readonly msg?: Json;
  readonly name?: string;
  readonly opts?: readonly string[];
}

/** `return` of a process: its body ends. */
export class Return extends Error {}

/**
 * Runs inside the process of the step, and gives its result; monitors are kept by their names.
 * @param q The process to which it is done.
 */
export function performSignal(step: SignalStep, q: Pid, refs: Map<string, MonitorRef>): Json {
  switch (step.op) {
    case 'link':
      link(q);
      return true;
    case 'unlink':
      unlink(q);
      return true;
    case 'monitor':
      refs.set(step.ref as string, monitor(q));
      return 'ok';
    case 'demonitor': {
      const ref = refs.get(step.ref as string) as MonitorRef;
      const active = demonitor(ref, { flush: step.opts?.includes('flush') === true });
      return step.opts?.includes('info') === true ? active : true;
    }
    case 'exit':
      exit(q, reasonFrom(step.reason));
      return true;
    case 'self_exit':
      return exit(reasonFrom(step.reason));
    case 'raise':
      throw new Raised('oops');
    case 'throw':
      throw new Raised(['nocatch', 'ball']);
    case 'return':
      throw new Return();
    case 'trap':
      return trapExit(step.flag);
    case 'send':
      send(q, step.msg);
      return 'ok';
    default:
      throw new Error(`unknown step ${step.op}`);
  }
}
