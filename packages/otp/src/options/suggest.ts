/**
 * The option that was probably meant, for an error about one that does not exist.
 */
import type { AnySchema } from './field.ts';

/** An option of a schema, or of a schema inside it. */
interface PlacedField {
  /** `connOpts.connectTimeout` */
  readonly path: string;
  /** `connectTimeout` */
  readonly name: string;
  readonly field: AnySchema['fields'][string];
}

/**
 * The known option that a name probably means: the same word in another
 * spelling (`pool_timeout`), with a typing error (`sise`), or an option of
 * another level (`connectTimeout` means `connOpts.connectTimeout`).
 */
export function nearestOption(schema: AnySchema, name: string): PlacedField | undefined {
  const wanted = plain(name);
  let nearest: PlacedField | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const option of placedFields(schema, '')) {
    const candidate = plain(option.name);
    const isHere = option.path === option.name;
    // An option of another level must be the same word.
    const distance = isHere ? distanceOf(wanted, candidate) : candidate === wanted ? 0 : least;
    if (distance < least) {
      nearest = option;
      least = distance;
    }
  }
  return nearest;
}

/**
 * The candidate that a name probably means: another spelling, few typing errors, or the same beginning.
 *
 * @example
 * nearestOf('pool_timout', ['poolTimeout', 'retry']); // poolTimeout
 */
export function nearestOf(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(wanted, plain(candidate));
    if (distance >= least) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}

/** Every option of a schema and of the schemas inside it, those of a higher level first. */
function placedFields(schema: AnySchema, prefix: string): PlacedField[] {
  const here = Object.entries(schema.fields).map(([name, field]) => ({
    path: prefix + name,
    name,
    field,
  }));
  const inside = here.flatMap(({ path, field: { inner, entries } }) => [
    ...(inner === undefined ? [] : placedFields(inner, `${path}.`)),
    ...(entries === undefined ? [] : placedFields(entries.schema, `${path}.${entries.at}.`)),
  ]);
  return [...here, ...inside];
}

/** Without case, `_`, `-` and `?`: how the same option is spelt in Finch or hackney. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[_\-?]/g, '');
}

/** The beginning of a word counts as near to the word. */
function distanceOf(wanted: string, candidate: string): number {
  if (wanted.length >= 4 && candidate.startsWith(wanted)) return wanted === candidate ? 0 : 1;
  return editDistance(wanted, candidate);
}

/** How many letters are too many, missing, others, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : other;
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, other, swapped));
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
