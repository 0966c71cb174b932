/** See and steer a running supervision tree and its HTTP pools, in a browser and in a terminal. */
export { Observer } from './observer.ts';
export type { LeveledLogger, ObserverOptions, Redact } from './options.ts';
export { ObserverListenError, ObserverOptionsError } from './errors.ts';
