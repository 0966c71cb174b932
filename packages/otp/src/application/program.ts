/**
 * The applications of the program, and the program's own end: signals, exit codes, and staying
 * alive while something runs.
 */
import { constants } from 'node:os';
import { currentLogger } from '../process/crash-report.ts';
import { ApplicationError } from './errors.ts';
import type { CheckedOptions } from './options.ts';
import { RunningApplication, type ApplicationEnd } from './running-application.ts';

const longestDelay = 2 ** 31 - 1;

/** By name, in the order of their starts. */
const applications = new Map<string, RunningApplication>();
/** The signals that are handled at the moment. */
const handled = new Set<NodeJS.Signals>();
let alive: NodeJS.Timeout | undefined;
let leaving = false;

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
  if (orderly || leaving || restart === 'temporary') return;
  if (application.stopRequested || (restart === 'transient' && reason === 'normal')) return;
  void leave(reason === 'normal' ? 0 : 1);
}

/** Handles the signals, and keeps the program alive, as the applications that run need it. */
function adapt(): void {
  // While the program is being left, a second signal still has to find its handler.
  if (leaving) return;
  const wanted = new Set([...applications.values()].flatMap(({ options }) => options.signals));
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
  if (leaving) process.exit(128 + constants.signals[signal]);
  currentLogger().debug({ signal }, `${signal} received: stopping all applications`);
  void leave(0);
}

/** Stops all applications, the youngest first, and exits. */
async function leave(code: number): Promise<void> {
  if (leaving) return;
  leaving = true;
  let exitCode = code;
  for (const application of [...applications.values()].toReversed()) {
    const { orderly } = await application.stop();
    if (!orderly) exitCode = 1;
  }
  process.exit(exitCode);
}
