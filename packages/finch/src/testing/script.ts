/** Which answer a request gets. */

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

  /** @throws TypeError for a target that is no method and path, and without an answer. */
  set(target: string, answers: readonly Answer[]): void {
    if (!/^\S+ \S+$/.test(target)) {
      throw new TypeError(
        `${JSON.stringify(target)} is no method and target, such as 'GET /users'`,
      );
    }
    if (answers.length === 0) throw new TypeError(`There is no reply for ${target}`);
    this.entries.set(target, new Turns(answers));
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
