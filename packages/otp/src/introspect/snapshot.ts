/** The data of a snapshot: plain, so that it can be printed, compared and sent as JSON. */
import type { Restart } from '../process/start/child-spec.ts';

/** The live system at one moment. */
export interface Snapshot {
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly processCount: number;
  /** Timers of the runtime that are armed. */
  readonly timers: number;
  /** Supervisors and other processes that have processes below them and no supervisor above. */
  readonly roots: readonly ProcessNode[];
  /** Processes outside any tree. */
  readonly others: readonly ProcessNode[];
}

/** A process, or a child that is not running, with everything below it. */
export interface ProcessNode {
  /** As `#PID<0.42.0>`; absent for a child that is not running. */
  readonly pid?: string;
  readonly name?: string;
  /** What it is: the name of its GenServer or machine, `'supervisor'`, `'process'`, … */
  readonly label: string;
  readonly type: 'worker' | 'supervisor';
  /** Its id in its supervisor; absent outside one, and where children have none. */
  readonly id?: string;
  /** How its supervisor restarts it; absent outside one. */
  readonly restart?: Restart;
  /** How often its supervisor has started it anew; absent outside one. */
  readonly restarts?: number;
  /**
   * `'runnable'`: has its turn soon; `'waiting'`: for a message; `'busy'`: in an async callback;
   * `'restarting'`: died, and its start will be tried again; `'stopped'`: a child that is not
   * running and will not be started by its supervisor.
   */
  readonly status: 'runnable' | 'waiting' | 'busy' | 'restarting' | 'stopped';
  /** How many messages wait. */
  readonly mailbox: number;
  /** Milliseconds since it was started; 0 for a child that is not running. */
  readonly uptime: number;
  /** The state value of a machine: a string, or an object for nested and parallel states. */
  readonly state?: StateValue;
  /** What a supervisor is set to do and has done lately. */
  readonly supervisor?: SupervisorNode;
  readonly children: readonly ProcessNode[];
}

/** The supervisor part of a {@link ProcessNode}. */
export interface SupervisorNode {
  readonly strategy: string;
  /** How many restarts it allows within `period` seconds. */
  readonly intensity: number;
  readonly period: number;
  /** How many there were within the period so far. */
  readonly restarts: number;
}

/** The state value of a machine, as xstate gives it. */
export type StateValue = string | { readonly [region: string]: StateValue };
