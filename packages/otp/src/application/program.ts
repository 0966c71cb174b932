/**
 * The applications of the program, and the program's own end: signals, exit codes, and staying
 * alive while something runs.
 */
import { constants } from 'node:os';
import { currentProcess } from '../process/context.ts';
import { currentLogger, reportCrash } from '../process/reports/crash-report.ts';
import { outside } from '../process/links/link.ts';
import { ApplicationError } from './errors.ts';
import type { CheckedOptions } from './options.ts';
import { RunningApplication, type ApplicationEnd } from './running-application.ts';

const longestDelay = 2 ** 31 - 1;

/** By name, in the order of their starts. */
const applications = new Map<string, RunningApplication>();
/** The signals that are handled at the moment. */
const handled = new Set<NodeJS.Signals>();
let alive: NodeJS.Timeout | undefined;
let strayErrorsHandled = false;
/** The code with which the program is about to exit. */
let exitCode: number | undefined;

/** The application of this name: up, or being started or stopped. */
export function runningApplication(name: string): RunningApplication | undefined {
  return applications.get(name);
}

/**
 * The names of the applications that are up, in the order of their starts.
 *
 * Source: `application:which_applications/0`.
 * @example
 * Application.whichApplications(); // ['db', 'web']
 */
export function runningApplications(): string[] {
  return [...applications.values()].filter(({ running }) => running).map(({ name }) => name);
}

/** Starts an application after those that it needs. */
export async function startApplication(options: CheckedOptions): Promise<RunningApplication> {
  const { name } = options;
  const missing = options.applications.find((needed) => applications.get(needed)?.running !== true);
  if (missing !== undefined) throw ApplicationError.notStarted(missing, name);
  if (applications.has(name)) throw ApplicationError.alreadyStarted(name);
  const application = new RunningApplication(options, ended);
  applications.set(name, application);
  adapt();
  await application.start();
  return application;
}

/** An application is over: it gives back what it held of the program. */
function ended(application: RunningApplication, { reason, orderly }: ApplicationEnd): void {
  applications.delete(application.name);
  adapt();
  const { restart } = application.options;
  if (orderly || exitCode !== undefined || restart === 'temporary') return;
  if (application.stopRequested || (restart === 'transient' && reason === 'normal')) return;
  void leave(reason === 'normal' ? 0 : 1);
}

/** Handles the signals, and keeps the program alive, as the applications that run need it. */
function adapt(): void {
  // While the program is being left, a second signal still has to find its handler.
  if (exitCode !== undefined) return;
  const running = [...applications.values()];
  adaptStrayErrors(running.some(({ options }) => options.strayErrors === 'stop'));
  const wanted = new Set(running.flatMap(({ options }) => options.signals));
  for (const signal of wanted) if (!handled.has(signal)) process.on(signal, onSignal);
  for (const signal of handled) if (!wanted.has(signal)) process.off(signal, onSignal);
  handled.clear();
  for (const signal of wanted) handled.add(signal);
  if (applications.size > 0) alive ??= setInterval(() => {}, longestDelay);
  else {
    clearInterval(alive);
    alive = undefined;
  }
}

function onSignal(signal: NodeJS.Signals): void {
  // Asked twice, it does not wait any longer; the code is that of a program without a handler.
  if (exitCode !== undefined) process.exit(128 + constants.signals[signal]);
  currentLogger().debug({ signal }, `${signal} received: stopping all applications`);
  void leave(0);
}

function adaptStrayErrors(wanted: boolean): void {
  if (wanted === strayErrorsHandled) return;
  strayErrorsHandled = wanted;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    if (wanted) process.on(event, onStrayError);
    else process.off(event, onStrayError);
  }
}

/** Node.js tells in the async context in which the error arose: that of the process, if there is one. */
function onStrayError(error: unknown): void {
  const culprit = currentProcess();
  reportCrash({
    pid: culprit?.pid ?? outside,
    name: culprit?.registeredName,
    label: culprit?.label ?? 'program',
    reason: error,
    cause: 'stray',
    parent: culprit?.startedBy,
    messageQueueLength: culprit?.messages.size ?? 0,
    details: {},
  });
  void leave(1);
}

/** Stops all applications, the youngest first, and exits, with 1 where not all went well. */
export async function leave(code: number): Promise<void> {
  if (exitCode !== undefined) {
    exitCode = Math.max(exitCode, code);
    return;
  }
  exitCode = code;
  for (const application of [...applications.values()].toReversed()) {
    const { orderly } = await application.stop();
    if (!orderly) exitCode = Math.max(exitCode, 1);
  }
  process.exit(exitCode);
}
