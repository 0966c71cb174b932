export {
  captureCrashReports,
  type CapturedLog,
  type CrashCapture,
} from './capture-crash-reports.ts';
export { eventually, EventuallyError, type EventuallyOptions } from './eventually.ts';
export { inProcess } from './in-process.ts';
export {
  expectNoLeaks,
  leakCheck,
  LeakError,
  processSnapshot,
  type ProcessSnapshot,
} from './leaks.ts';
export { settle, SettleError, type SettleOptions } from './settle.ts';
export {
  startSupervised,
  type OnTestFinished,
  type Supervised,
  type SupervisedChild,
} from './start-supervised.ts';
export { TestClock } from './test-clock.ts';
