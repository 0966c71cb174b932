/** The options of an observer. */
import { isIP } from 'node:net';
import { nearestOf } from '@linnet/otp/options';
import { ObserverOptionsError } from './errors.ts';

/** A logger whose level can be read and set, as those of pino and winston. */
export interface LeveledLogger {
  level: string;
}

/** Decides on the value of a header or a query parameter; undefined leaves it as it is. */
export type Redact = (name: string, value: string) => string | undefined;

/** Options of `Observer.childSpec` and `Observer.startLink`. */
export interface ObserverOptions {
  /** The name of the process, by which `Observer.get` finds it; `'Observer'` by default. */
  readonly name?: string;
  /**
   * The port of its server, 4400 by default; 0 for any free one, false for no server: mount
   * `handler` in yours.
   */
  readonly port?: number | false;
  /** The address of its server, `'127.0.0.1'` by default. Any but a loopback one needs `authorize`. */
  readonly host?: string;
  /** The path below which the handler is mounted, `'/observer'`; by default that is the root. */
  readonly basePath?: string;
  /**
   * Whether a request is answered; it gets the request as it came, so that it can look at a cookie or at
   * `authorization`. Without it, only a server on a loopback address answers, to requests
   * for a loopback name.
   */
  readonly authorize?: (request: Request) => boolean | Promise<boolean>;
  /** Lets viewers change things: stop and restart children, drain pools, … False by default. */
  readonly actions?: boolean;
  /** Shows states, messages, and headers and queries of requests; false by default. */
  readonly reveal?: boolean;
  /**
   * Replaces values of headers and query parameters that are shown. The default hides
   * `authorization`, cookies, and what has a name like a key, a token, a secret or a password.
   */
  readonly redact?: Redact;
  /** The logger whose level viewers may change, if there are actions. */
  readonly logger?: LeveledLogger;
  /** How many streams there may be at a time, 32 by default; further ones are answered with 503. */
  readonly maxStreams?: number;
  /** How many crash reports are kept, 100 by default. */
  readonly maxCrashes?: number;
}

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly name: string;
  readonly port: number | false;
  readonly host: string;
  readonly basePath: string;
  readonly authorize: ObserverOptions['authorize'];
  readonly actions: boolean;
  readonly reveal: boolean;
  readonly redact: Redact;
  readonly logger: LeveledLogger | undefined;
  readonly maxStreams: number;
  readonly maxCrashes: number;
}

const known: ReadonlySet<string> = new Set([
  'name',
  'port',
  'host',
  'basePath',
  'authorize',
  'actions',
  'reveal',
  'redact',
  'logger',
  'maxStreams',
  'maxCrashes',
]);

/** @throws ObserverOptionsError */
export function parseOptions(options: ObserverOptions = {}): ResolvedOptions {
  const unknown = Object.keys(options).find((key) => !known.has(key));
  if (unknown !== undefined) {
    const nearest = nearestOf(unknown, known);
    const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    throw new ObserverOptionsError(
      unknown,
      `does not exist.${meant} Options: ${[...known].join(', ')}.`,
    );
  }
  const { port = 4400, host = '127.0.0.1', authorize } = options;
  if (port !== false && !isPort(port)) {
    throw new ObserverOptionsError('port', 'must be an integer from 0 to 65535, or false.');
  }
  checkType(options, 'host', 'string');
  checkType(options, 'authorize', 'function');
  checkType(options, 'redact', 'function');
  checkType(options, 'actions', 'boolean');
  checkType(options, 'reveal', 'boolean');
  if (authorize === undefined && port === false) {
    throw new ObserverOptionsError(
      'authorize',
      'is required without a server of its own: the handler shows the program to each request that ' +
        'it says true to.',
    );
  }
  if (authorize === undefined && !isLoopback(host)) {
    throw new ObserverOptionsError(
      'host',
      `is ${JSON.stringify(host)}, which others can reach: it needs "authorize", or a loopback address.`,
    );
  }
  return {
    name: nameOf(options.name),
    port,
    host,
    basePath: basePathOf(options.basePath),
    authorize,
    actions: options.actions ?? false,
    reveal: options.reveal ?? false,
    redact: options.redact ?? defaultRedact,
    logger: loggerOf(options.logger),
    maxStreams: countOf(options, 'maxStreams', 32),
    maxCrashes: countOf(options, 'maxCrashes', 100),
  };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 ? name.startsWith('127.') : name === '::1';
}

const secret =
  /^(?:proxy-)?authorization$|cookie|api-?key|key$|token|secret|passw|signature|session/i;

function defaultRedact(name: string): string | undefined {
  return secret.test(name) ? '[redacted]' : undefined;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function nameOf(name: unknown): string {
  if (name === undefined) return 'Observer';
  if (typeof name === 'string' && name !== '') return name;
  throw new ObserverOptionsError('name', 'must be a string that is not empty.');
}

function basePathOf(path: unknown): string {
  if (path === undefined || path === '/' || path === '') return '';
  if (typeof path === 'string' && /^(?:\/[\w.~-]+)+\/?$/.test(path)) return path.replace(/\/$/, '');
  throw new ObserverOptionsError('basePath', 'must be a path such as "/observer".');
}

function loggerOf(logger: LeveledLogger | undefined): LeveledLogger | undefined {
  if (logger === undefined || typeof logger.level === 'string') return logger;
  throw new ObserverOptionsError('logger', 'must have a "level" that is a string.');
}

function countOf(
  options: ObserverOptions,
  option: 'maxStreams' | 'maxCrashes',
  otherwise: number,
): number {
  const value = options[option] ?? otherwise;
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new ObserverOptionsError(option, 'must be an integer from 1 to 10000.');
}

function checkType(options: ObserverOptions, option: keyof ObserverOptions, type: string): void {
  const value = options[option];
  if (value === undefined || typeof value === type) return;
  throw new ObserverOptionsError(option, `must be a ${type}.`);
}
