/**
 * How long calls to other nodes take, and what their observers say. A node that does not answer holds up no
 * document: that has what was known last.
 */
import { CallError } from '@linnet/otp';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemFigures } from '../../protocol/documents.ts';
import { askFigures } from './node-agent.ts';

/** What came of the last call. */
export interface Probe {
  /** In ms. */
  readonly roundTrip: number;
  /** Undefined where no observer runs. */
  readonly figures: SystemFigures | undefined;
}

/** How long an answer may take, in ms. */
const longestAnswer = 2000;

/** How long a document waits for nodes of which nothing is known yet, in ms. */
const patience = 250;

export class NodeProbes {
  readonly #known = new Map<string, Probe>();
  readonly #asked = new Map<string, Promise<void>>();

  get(node: string): Probe | undefined {
    return this.#known.get(node);
  }

  /** Asks these nodes; waits a moment for those of which nothing is known. */
  async ask(nodes: readonly string[]): Promise<void> {
    const wanted = new Set(nodes);
    for (const node of this.#known.keys()) if (!wanted.has(node)) this.#known.delete(node);
    const first: Array<Promise<void>> = [];
    for (const node of nodes) {
      let asked = this.#asked.get(node);
      if (asked === undefined) {
        asked = this.#askOne(node).finally(() => this.#asked.delete(node));
        this.#asked.set(node, asked);
      }
      if (!this.#known.has(node)) first.push(asked);
    }
    if (first.length === 0) return;
    const over = new AbortController();
    const enough = sleep(patience, undefined, { ref: false, signal: over.signal }).catch(() => {});
    await Promise.race([Promise.all(first), enough]);
    over.abort();
  }

  async #askOne(node: string): Promise<void> {
    const began = performance.now();
    const answered = (figures: SystemFigures | undefined): void =>
      void this.#known.set(node, { roundTrip: performance.now() - began, figures });
    try {
      answered(await askFigures(node, longestAnswer));
    } catch (error) {
      // That there is no such process is an answer of the node, too.
      if (error instanceof CallError && error.why === 'noproc') answered(undefined);
      else this.#known.delete(node);
    }
  }
}
