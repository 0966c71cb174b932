/** Checks the options of a registry. */
import { BadArgumentError } from '../process/errors.ts';
import { isName } from '../process/names/name.ts';
import type { RegistryOptions } from './types.ts';

const known: ReadonlySet<string> = new Set(['name', 'keys', 'partitions', 'listeners', 'meta']);

/** Throws unless the options are valid, naming the one that is not. */
export function checkOptions(options: RegistryOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new BadArgumentError('options', options, 'an object with keys and name');
  }
  for (const key of Object.keys(options)) {
    if (!known.has(key))
      throw new BadArgumentError('options', key, `made of ${[...known].join(', ')}`);
  }
  const { keys, name, partitions = 1, listeners = [], meta = {} } = options;
  if (keys !== 'unique' && keys !== 'duplicate') {
    throw new BadArgumentError('keys', keys, "'unique' or 'duplicate'");
  }
  if (!isName(name)) throw new BadArgumentError('name', name, 'a non-empty string or a symbol');
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw new BadArgumentError('partitions', partitions, 'a positive integer');
  }
  if (!Array.isArray(listeners) || !listeners.every(isName)) {
    throw new BadArgumentError('listeners', listeners, 'a list of names of processes');
  }
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) {
    throw new BadArgumentError('meta', meta, 'an object');
  }
}
