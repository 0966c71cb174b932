/** Runs a command line. */
import { createRequire } from 'node:module';
import { styleText } from 'node:util';
import type { SortKey, SystemFigures } from '../protocol/documents.ts';
import { parseArguments, usage, UsageError, type Arguments } from './arguments.ts';
import { ClientError, fetchPage } from './client.ts';
import { clusterText } from './cluster-text.ts';
import { crashesText, poolsText, processesText, systemLine } from './tables.ts';
import { treeDot, treeText } from './tree-text.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Where a command writes, and what ends it. */
export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  /** Whether to redraw in place, and to read keys. */
  readonly interactive: boolean;
  /** Calls back with each key; returns what ends that. */
  onKey(listener: (key: string) => void): () => void;
  /** Aborts on ctrl-c. */
  readonly signal: AbortSignal;
}

/** Keys of `top`, and what they sort by. */
const sortedBy: Readonly<Record<string, SortKey>> = {
  m: 'mailbox',
  n: 'name',
  l: 'label',
  u: 'uptime',
  r: 'restarts',
  p: 'pid',
};

/** Resolves with the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const parsed = parseArguments(args);
    if (parsed === 'help') terminal.write(usage);
    else if (parsed === 'version') terminal.write(`${version}\n`);
    else await new Run(parsed, terminal).run();
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.writeError(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof ClientError)) throw error;
    terminal.writeError(`${error.message}\n`);
    return 1;
  }
}

class Run {
  readonly #arguments: Arguments;
  readonly #terminal: Terminal;
  #sort: SortKey;
  #before: SystemFigures | undefined;
  #wake: (() => void) | undefined;
  #isOver = false;
  #hasSeen = false;

  constructor(parsed: Arguments, terminal: Terminal) {
    this.#arguments = parsed;
    this.#terminal = terminal;
    this.#sort = parsed.sort;
  }

  async run(): Promise<void> {
    const { watch, interval, command, format } = this.#arguments;
    const { interactive, signal } = this.#terminal;
    const repeats = watch || (command === 'top' && interactive && format === 'text');
    const end = (): void => {
      this.#isOver = true;
      this.#wake?.();
    };
    signal.addEventListener('abort', end, { once: true });
    const endKeys = repeats && interactive ? this.#terminal.onKey((key) => this.#key(key)) : end;
    try {
      for (;;) {
        this.#draw(await this.#lookAgain(), repeats);
        if (!repeats || this.#isOver) return;
        await this.#pause(interval * 1000);
        if (this.#isOver) return;
      }
    } finally {
      endKeys();
      signal.removeEventListener('abort', end);
    }
  }

  #key(key: string): void {
    if (key === 'q' || key === '\u0003') this.#isOver = true;
    else this.#sort = sortedBy[key] ?? this.#sort;
    this.#wake?.();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #draw(text: string, repeats: boolean): void {
    const { interactive } = this.#terminal;
    // From the top of the screen, and nothing of what was there before.
    this.#terminal.write(`${repeats && interactive ? '\u001B[H\u001B[2J' : ''}${text}\n`);
  }

  /** An observer that is restarted meanwhile does not end what repeats. */
  async #lookAgain(): Promise<string> {
    try {
      const text = await this.#look();
      this.#hasSeen = true;
      return text;
    } catch (error) {
      if (!this.#hasSeen || !(error instanceof ClientError)) throw error;
      return error.message;
    }
  }

  async #look(): Promise<string> {
    const { command, format, search, limit } = this.#arguments;
    if (command === 'tree') {
      const document = await fetchPage(this.#arguments, 'tree', { search });
      if (format === 'json') return asJson(document);
      return format === 'dot' ? treeDot(document) : treeText(document);
    }
    if (command === 'pools') {
      const document = await fetchPage(this.#arguments, 'pools');
      return format === 'json' ? asJson(document) : poolsText(document);
    }
    if (command === 'cluster') {
      const document = await fetchPage(this.#arguments, 'cluster');
      return format === 'json' ? asJson(document) : clusterText(document);
    }
    if (command === 'crashes') {
      const document = await fetchPage(this.#arguments, 'crashes');
      return format === 'json' ? asJson(document) : crashesText(document);
    }
    const sort = this.#sort;
    const order = ['name', 'label', 'pid'].includes(sort) ? 'asc' : 'desc';
    const query = { search, sort, order, limit: String(limit) };
    const document = await fetchPage(this.#arguments, 'processes', query);
    if (format === 'json') return asJson(document);
    const heading = systemLine(document.system, this.#before);
    this.#before = document.system;
    return `${styleText('bold', heading)}\nby ${sort}\n\n${processesText(document)}`;
  }
}

const asJson = (document: object): string => JSON.stringify(document, undefined, 2);
