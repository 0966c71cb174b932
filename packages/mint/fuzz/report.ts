/** Counts findings by kind, and keeps the shortest inputs of those that are failures. */
import type { Finding } from './target.ts';

/** How many inputs of a kind are shown. */
const shown = 3;

interface Kind {
  count: number;
  examples: Finding[];
}

export class Report {
  private readonly name: string;
  private readonly kinds = new Map<string, Kind>();
  private inputs = 0;

  /** The name is that of the target. */
  constructor(name: string) {
    this.name = name;
  }

  add(findings: readonly Finding[]): void {
    this.inputs++;
    for (const finding of findings) {
      const key = `${finding.verdict}: ${finding.kind}`;
      const kind = this.kinds.get(key) ?? { count: 0, examples: [] };
      kind.count++;
      if (finding.verdict === 'failure') {
        kind.examples = [...kind.examples, finding]
          .toSorted((a, b) => a.input.length - b.input.length)
          .slice(0, shown);
      }
      this.kinds.set(key, kind);
    }
  }

  /** The kinds of difference that are not known to be right. */
  get failures(): readonly string[] {
    return [...this.kinds.keys()].filter((key) => key.startsWith('failure'));
  }

  toString(): string {
    const lines = [`${this.name}: ${this.inputs} inputs`];
    const sorted = [...this.kinds].toSorted(([, a], [, b]) => b.count - a.count);
    for (const [key, { count, examples }] of sorted) {
      lines.push(`${String(count).padStart(10)} ${key}`);
      for (const { input, detail } of examples) lines.push(`    ${input}`, `      ${detail}`);
    }
    return lines.join('\n');
  }
}
