/** Options of a node. */
import { BadArgumentError } from '@linnet/otp';
import { hidden, nearestOf } from '@linnet/otp/options';
import { isNodeName } from './association/identity.ts';
import { associationDefaults, type AssociationOptions } from './association/options.ts';
import type { Carrier } from './carrier/carrier.ts';
import type { Modules } from './node/modules.ts';

/** Options of `Cluster.start`. Times are in ms. */
export interface ClusterOptions extends Partial<AssociationOptions> {
  /** The name of this node, `app@host`: at most 255 characters. Two living nodes cannot have one name. */
  readonly name: string;
  /** The secret of the cluster. Nodes prove to each other that they know it; it is never sent. */
  readonly cookie: string;
  /**
   * The ways to other nodes; for a node, the first that reaches it is taken. By default there is none,
   * and nothing is loaded, opened or armed.
   */
  readonly carrier?: Carrier | readonly Carrier[];
  /** Whether it takes over its name from a living node, which leaves the cluster then. Default false. */
  readonly takeover?: boolean;
  /** What other nodes may start here, by name. Default none. */
  readonly modules?: Modules;
  /** Between two announcements of this node. Default 5000. */
  readonly announceMs?: number;
}

/** The options with their defaults. */
export interface CheckedOptions {
  readonly name: string;
  readonly cookie: string;
  readonly carriers: readonly Carrier[];
  readonly takeover: boolean;
  readonly modules: Modules;
  readonly announceMs: number;
  readonly associations: AssociationOptions;
}

/**
 * Checks options, and adds the defaults.
 * @throws {BadArgumentError} naming the option.
 */
export function checkOptions(options: ClusterOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new BadArgumentError('options', options, 'an object with a name and a cookie');
  }
  const unknown = Object.keys(options).find((key) => !known.has(key));
  if (unknown !== undefined) throw noOption(unknown);
  const { name, cookie, carrier = [], takeover = false, modules = {}, announceMs = 5000 } = options;
  if (!isNodeName(name)) {
    throw new BadArgumentError('name', name, "'app@host' of at most 255 characters");
  }
  if (typeof cookie !== 'string' || cookie === '') {
    throw new BadArgumentError('cookie', typeof cookie, 'a string that is not empty');
  }
  for (const [key, module] of Object.entries(modules)) {
    if (typeof module !== 'function') {
      throw new BadArgumentError(`modules.${key}`, module, 'a function');
    }
  }
  for (const key of switches) {
    const value = options[key];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new BadArgumentError(key, value, 'true or false');
    }
  }
  const carriers = [carrier].flat();
  for (const each of carriers) {
    if (!isCarrier(each)) {
      throw new BadArgumentError('carrier', each, 'a Carrier or a list of them: nats({ servers })');
    }
  }
  if (!(announceMs > 0)) throw new BadArgumentError('announceMs', announceMs, 'a number > 0');
  const associations = { ...associationDefaults };
  for (const key of numbers) {
    const value = options[key];
    if (value === undefined) continue;
    if (!(value > 0)) throw new BadArgumentError(key, value, 'a number > 0');
    Object.assign(associations, { [key]: value });
  }
  const { replay = true, sign = false } = options;
  return {
    name,
    cookie,
    carriers,
    takeover,
    modules,
    announceMs,
    associations: { ...associations, replay, sign },
  };
}

function isCarrier(value: unknown): boolean {
  const { start, stop } = (value ?? {}) as Partial<Carrier>;
  return typeof start === 'function' && typeof stop === 'function';
}

const numbers = [
  'tickMs',
  'suspectMs',
  'downAfterMs',
  'handshakeMs',
  'windowBytes',
  'windowFrames',
  'maxSignalBytes',
  'frameBytes',
] as const satisfies ReadonlyArray<keyof AssociationOptions>;

const switches = ['takeover', 'replay', 'sign'] as const satisfies ReadonlyArray<
  keyof ClusterOptions
>;

const known: ReadonlySet<string> = new Set<keyof ClusterOptions>([
  'name',
  'cookie',
  'carrier',
  'modules',
  'announceMs',
  ...switches,
  ...numbers,
]);

function noOption(name: string): BadArgumentError {
  const nearest = nearestOf(name, known);
  const meant = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
  // The value of a misspelt `cookie` is a secret.
  return new BadArgumentError(name, hidden, `left out: there is no such option${meant}`);
}
