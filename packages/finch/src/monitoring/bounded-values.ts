/** A bound on the values of a label: each value is a series that is kept for ever. */

/** What stands for all values beyond the bound. */
const otherValue = 'other';

export class BoundedValues {
  private readonly max: number;
  private readonly values = new Set<string>();

  constructor(max: number) {
    this.max = max;
  }

  /** The value, or `'other'` when as many others came before it as there may be. */
  of(value: string): string {
    if (this.values.has(value)) return value;
    if (this.values.size >= this.max) return otherValue;
    this.values.add(value);
    return value;
  }
}
