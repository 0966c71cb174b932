/** Which answer a request gets. */
import { normalizeMethod } from '../request/method.ts';

/** Answers by turn: each once, the last one for all that follow. */
class Turns<Answer> {
  private readonly answers: readonly Answer[];
  private used = 0;

  constructor(answers: readonly Answer[]) {
    this.answers = answers;
  }

  next(): Answer | undefined {
    return this.answers[Math.min(this.used++, this.answers.length - 1)];
  }
}

/** Answers by `'GET /path'`. */
export class Script<Answer> {
  private readonly entries = new Map<string, Turns<Answer>>();

  private readonly example: string;

  /** `example`: of a target, for messages. */
  constructor(example: string) {
    this.example = example;
  }

  /** What there are answers to. */
  get targets(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** @throws TypeError for a target that is no method and path, or has a query, and without an answer. */
  set(target: string, answers: readonly Answer[]): void {
    if (!/^\S+ \S+$/.test(target)) {
      throw new TypeError(
        `${JSON.stringify(target)} is no method and target, such as '${this.example}'`,
      );
    }
    if (/[?#]/.test(target)) {
      throw new TypeError(
        `${JSON.stringify(target)} has a query, which does not count: leave it out, and look at the request in a function`,
      );
    }
    if (answers.length === 0) throw new TypeError(`There is no reply for ${target}`);
    const [method = '', rest = ''] = target.split(' ');
    const key = `${method === '*' ? method : normalizeMethod(method)} ${rest}`;
    this.entries.set(key, new Turns(answers));
  }

  clear(): void {
    this.entries.clear();
  }

  /** The next answer to a method and target: to exactly this, else to the longest `…*` that it begins with. */
  next(method: string, target: string): Answer | undefined {
    const asked = `${method} ${target}`;
    const exact = this.entries.get(asked) ?? this.entries.get(`* ${target}`);
    if (exact !== undefined) return exact.next();
    const [longest] = [...this.entries.keys()]
      .filter((key) => key.endsWith('*') && fits(key, method, target))
      .toSorted((a, b) => b.length - a.length);
    return longest === undefined ? undefined : this.entries.get(longest)?.next();
  }
}

function fits(key: string, method: string, target: string): boolean {
  const [ofMethod = '', pattern = ''] = key.split(' ');
  return (ofMethod === '*' || ofMethod === method) && target.startsWith(pattern.slice(0, -1));
}
