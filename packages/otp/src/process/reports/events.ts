/** Where the runtime tells of starts, deaths and restarts: free of cost without subscribers. */
import { channel } from 'node:diagnostics_channel';
import type { ChildId } from '../start/child-spec.ts';
import type { ExitReason } from '../exit-reason.ts';
import type { Name } from '../names/name.ts';
import type { Pid } from '../pid.ts';

/** A process was made; its body has not run yet. */
export interface SpawnEvent {
  readonly type: 'spawn';
  readonly pid: Pid;
  readonly label: string;
  /** The process that started it, if one did. */
  readonly parent: Pid | undefined;
}

/** A process died. */
export interface ExitEvent {
  readonly type: 'exit';
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly label: string;
  readonly reason: ExitReason;
}

/** A supervisor has started a child anew. */
export interface RestartEvent {
  readonly type: 'restart';
  readonly supervisor: Pid;
  readonly id: ChildId;
  /** The new process; undefined when the start failed and will be tried again. */
  readonly pid: Pid | undefined;
  /** Restarts that count against the limit at this moment. */
  readonly restarts: number;
}

/** A mailbox has grown beyond its alarm: see `setMailboxLimits`. */
export interface MailboxEvent {
  readonly type: 'mailbox';
  readonly pid: Pid;
  readonly name: Name | undefined;
  readonly label: string;
  /** How many messages wait. */
  readonly length: number;
  /** The alarm beyond which it has grown. */
  readonly limit: number;
}

/** Mailboxes publish a {@link MailboxEvent} here. */
export const mailboxChannel = channel('otp.process.mailbox');
export const spawnChannel = channel('otp.process.spawn');
export const exitChannel = channel('otp.process.exit');
/** Supervisors publish a {@link RestartEvent} here. */
export const restartChannel = channel('otp.supervisor.restart');
