/** What a supervisor remembers of one child. */
import type {
  ChildId,
  Restart,
  RestartBackoff,
  ShutdownTime,
} from '../process/start/child-spec.ts';
import type { Backoff } from './backoff.ts';
import type { ChildState } from './types.ts';

/** A child specification with all its defaults filled in. */
export interface FullChildSpec {
  readonly id: ChildId;
  readonly start: (...args: never[]) => unknown;
  readonly restart: Restart;
  readonly shutdown: ShutdownTime;
  readonly type: 'worker' | 'supervisor';
  readonly significant: boolean;
  readonly backoff?: RestartBackoff;
}

/** One entry of a supervisor: the specification and the process. */
export class ChildRecord {
  spec: FullChildSpec;
  pid: ChildState = undefined;
  /** How often it was restarted. */
  restarts = 0;
  /** The wait before its next restart, if its specification asks for one and there has been one. */
  backoff: Backoff | undefined = undefined;
  /** Its neighbours in the start order: see child-table.ts. */
  previous: ChildRecord | undefined = undefined;
  next: ChildRecord | undefined = undefined;

  constructor(spec: FullChildSpec) {
    this.spec = spec;
  }

  get id(): ChildId {
    return this.spec.id;
  }

  get temporary(): boolean {
    return this.spec.restart === 'temporary';
  }
}
