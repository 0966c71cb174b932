/** The option that was probably meant, for an error about one that does not exist. */

/** The same word in another spelling (`base_url`), or with a typing error (`redirct`). */
export function nearestName(names: readonly string[], name: string): string | undefined {
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of names) {
    const known = plain(candidate);
    const isStart = wanted.length >= 4 && known.startsWith(wanted) && known !== wanted;
    const distance = isStart ? 1 : editDistance(wanted, known);
    if (distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

/** Without case, `_` and `-`. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/** The Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
