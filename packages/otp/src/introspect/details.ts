/** What `Behaviour.details()` of supervisors and machines tells, checked before it is shown. */
import type { ChildId, Restart } from '../process/start/child-spec.ts';
import { Pid } from '../process/pid.ts';
import type { StateValue, SupervisorNode } from './snapshot.ts';

export type Details = Readonly<Record<string, unknown>>;

/** A child as its supervisor's details give it. */
export interface ChildDetails {
  /** Undefined under a DynamicSupervisor. */
  readonly id: ChildId | undefined;
  /** The process, `'restarting'`, or undefined when it is not running. */
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: 'worker' | 'supervisor';
  readonly restart: Restart;
  /** How often it was started anew. */
  readonly restarts: number;
}

/** `{ strategy, intensity, period, restarts }` of a supervisor; undefined for other processes. */
export function supervisorOf(details: Details): SupervisorNode | undefined {
  const { strategy, intensity, period, restarts } = details;
  if (typeof strategy !== 'string' || !Array.isArray(details['children'])) return undefined;
  return {
    strategy,
    intensity: numberOr(intensity, 0),
    period: numberOr(period, 0),
    restarts: numberOr(restarts, 0),
  };
}

const none: readonly ChildDetails[] = [];

/** The children of a supervisor in the order of their start; none for other processes. */
export function childrenOf(details: Details): readonly ChildDetails[] {
  const { children } = details;
  return Array.isArray(children) ? children.filter((child) => isChild(child)) : none;
}

function isChild(value: unknown): value is ChildDetails {
  return typeof value === 'object' && value !== null && 'id' in value;
}

/** The state value of a machine. */
export function stateValueOf(details: Details): StateValue | undefined {
  const { value } = details;
  return isStateValue(value) ? value : undefined;
}

function isStateValue(value: unknown): value is StateValue {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((region) => isStateValue(region));
}

/** An id as text: the id itself where it is one, else what describes it best. */
export function textOfId(id: unknown): string {
  if (typeof id === 'string') return id;
  if (Pid.isPid(id) || typeof id === 'number' || typeof id === 'symbol') return String(id);
  try {
    const { name } = id as { name?: unknown };
    if (typeof name === 'string' && name !== '') return name;
    return JSON.stringify(id);
  } catch {
    return 'an unprintable id';
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
