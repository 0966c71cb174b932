/** The scenarios of supervision: trees, and what happens to them. */
import type { Json } from './json.ts';

export interface Scenario {
  readonly id: number;
  readonly class: string;
  readonly root: Sup;
  readonly steps: readonly Step[];
}

/** A supervisor; some scenarios hold wrong values on purpose. */
export interface Sup {
  readonly name: string;
  readonly kind: 'static' | 'simple' | 'dynamic';
  /** What its init does at attempt 1, 2, …; the last repeats. */
  readonly init?: ReadonlyArray<'ok' | 'ignore' | 'raise' | 'bad_return'>;
  readonly strategy?: Json;
  readonly intensity?: Json;
  readonly period?: Json;
  readonly auto_shutdown?: Json;
  readonly max_children?: Json;
  readonly children?: readonly Child[];
  readonly template?: { readonly [key: string]: Json };
}

export interface Child {
  readonly id?: string;
  /** The name of the process, if it is not the id. */
  readonly name?: string;
  readonly restart?: Json;
  readonly shutdown?: Json;
  readonly type?: Json;
  readonly significant?: Json;
  readonly worker?: Worker;
  readonly sup?: Sup;
}

export interface Worker {
  /** What attempt 1, 2, … to start it does; the last repeats. */
  readonly init: readonly Attempt[];
  readonly trap: boolean;
  /** What its terminate does when it is stopped from outside. */
  readonly stop: 'clean' | 'hang' | readonly ['slow', number] | readonly ['exit', Json];
  readonly unlink?: boolean;
  readonly reg?: string;
}

export type Attempt =
  | 'ok'
  | 'ok_extra'
  | 'ignore'
  | 'fail'
  | 'fail_shutdown'
  | 'raise'
  | 'start_raise'
  | 'start_exit'
  | 'bad_return';

export interface Crash {
  readonly target: string;
  readonly reason: Json;
}

export interface Step {
  readonly op: string;
  readonly sup?: string;
  readonly id?: string;
  readonly by_id?: boolean;
  readonly target?: string;
  readonly reason?: Json;
  readonly how?: 'exit' | 'stop';
  readonly spec?: Child;
  readonly name?: string;
  readonly worker?: Worker;
  readonly kills?: readonly Crash[];
  readonly ms?: number;
  readonly gate?: string;
  readonly crash?: Crash;
  readonly calls?: readonly Step[];
}
