/** Fair shares of a limit. */

/**
 * Divides a limit fairly (max-min): no share is larger than what was asked for, and none could be larger
 * without making one smaller that is no larger than it. What cannot be divided evenly goes to those who come first.
 *
 * Source: max-min fairness; Bertsekas and Gallager, Data Networks, §6.5.2.
 */
export function fairShares(limit: number, demands: readonly number[]): number[] {
  const shares = [...demands];
  const byDemand = demands
    .map((_, index) => index)
    .toSorted((a, b) => at(demands, a) - at(demands, b));
  let left = limit;
  for (const [served, index] of byDemand.entries()) {
    const each = Math.floor(left / (demands.length - served));
    if (at(demands, index) > each) {
      const rest = byDemand.slice(served).toSorted((a, b) => a - b);
      const over = left - each * rest.length;
      for (const [place, other] of rest.entries()) shares[other] = each + (place < over ? 1 : 0);
      break;
    }
    left -= at(demands, index);
  }
  return shares;
}

const at = (numbers: readonly number[], index: number): number => numbers[index] ?? 0;
