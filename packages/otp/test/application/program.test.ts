import { spawn as spawnProgram, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { program } from './fixtures/program.ts?program';

/** A real program, its lines, and its end. */
class Program {
  readonly lines: string[] = [];
  #errors = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(...args: string[]) {
    this.#child = spawnProgram(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.#ended = once(this.#child, 'close');
    onTestFinished(() => void this.#child.kill('SIGKILL'));
    this.#child.stderr!.on('data', (text) => (this.#errors += String(text)));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.#child.emit('line', line);
    });
  }

  async line(expected: string): Promise<void> {
    while (!this.lines.includes(expected)) {
      const ended = await Promise.race([once(this.#child, 'line'), this.#ended.then(() => 'end')]);
      if (ended === 'end') throw new Error(`it ended: ${this.#errors}`);
    }
  }

  /** What it has written to standard error. */
  get errors(): string {
    return this.#errors;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The exit code, or the signal that killed it. */
  async end(): Promise<unknown> {
    const [code, signal] = await this.#ended;
    return code ?? signal;
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops the tree in reverse order, then exits with 0',
  async (signal) => {
    const running = new Program('tree');
    await running.line('ready');
    running.signal(signal);
    expect(await running.end()).toBe(0);
    expect(running.lines).toEqual([
      'ready',
      'prepStop',
      'b stops: shutdown',
      'a stops: shutdown',
      'stop',
    ]);
  },
);

test('an application keeps the program alive until it is stopped, and leaves no handlers', async () => {
  const running = new Program('stopped');
  expect(await running.end()).toBe(0);
  expect(running.lines).toEqual([
    'handlers: 1 1 1 1',
    'prepStop',
    'a stops: shutdown',
    'stop',
    'handlers: 0 0 0 0',
    'ready',
  ]);
});

test('several applications are stopped by a signal, the youngest first', async () => {
  const running = new Program('two');
  await running.line('ready');
  running.signal('SIGTERM');
  expect(await running.end()).toBe(0);
  expect(running.lines).toEqual(['ready', 'b stops: shutdown', 'a stops: shutdown']);
});

test('a second signal exits at once, with the code of a program without a handler', async () => {
  const running = new Program('stubborn');
  await running.line('ready');
  running.signal('SIGTERM');
  await running.line('stubborn hangs');
  running.signal('SIGINT');
  expect(await running.end()).toBe(130);
});

test('what has not stopped by the deadline is killed, and the program exits with 1', async () => {
  const running = new Program('stubborn', '50');
  await running.line('ready');
  running.signal('SIGTERM');
  expect(await running.end()).toBe(1);
  expect(running.lines).toEqual(['ready', 'a stops: shutdown', 'stubborn hangs']);
});

test('a permanent application whose tree has failed ends the program with 1', async () => {
  const running = new Program('failing', 'permanent');
  expect(await running.end()).toBe(1);
  expect(running.lines).toEqual(
    expect.arrayContaining(['stop: shutdown', 'done: shutdown', 'other stops: shutdown']),
  );
});

test('a permanent application that ends normally ends the program with 0', async () => {
  const running = new Program('failing', 'permanent', 'normal');
  expect(await running.end()).toBe(0);
  expect(running.lines).toContain('other stops: shutdown');
});

test('a transient application ends the program unless it ended normally', async () => {
  const failing = new Program('failing', 'transient');
  expect(await failing.end()).toBe(1);
  const finishing = new Program('failing', 'transient', 'normal');
  await finishing.line('still running: other');
  expect(await finishing.end()).toBe(0);
});

test('a temporary application that fails is only logged', async () => {
  const running = new Program('failing', 'temporary');
  await running.line('still running: other');
  expect(await running.end()).toBe(0);
  expect(running.lines).toContain('done: shutdown');
});

test('a signal during the start stops what has been started, by the deadline', async () => {
  const running = new Program('starting', '50');
  await running.line('ready');
  running.signal('SIGTERM');
  expect(await running.end()).toBe(1);
});

test('only the signals that were asked for are handled', async () => {
  const running = new Program('unnamed');
  await running.line('ready');
  expect(running.lines).toContain('handlers: 1 0 0 0');
  running.signal('SIGINT');
  expect(await running.end()).toBe('SIGINT');
});

const stopped = ['prepStop', 'a stops: shutdown', 'stop'];

test.each(['timer', 'emitter', 'rejection', 'async', 'twice'])(
  '[C12] a stray error (%s) is reported with its process, and stops the tree in order, with 1',
  async (how) => {
    const running = new Program('stray', how);
    expect(await running.end()).toBe(1);
    expect(running.lines).toEqual(['ready', ...stopped]);
    expect(running.errors).toMatch(
      new RegExp(
        `a stray error of Begins #PID<0\\.\\d+\\.0> \\(begins\\) stops the program: .*stray ${how}`,
      ),
    );
    // With the stack, since nobody else shows it.
    expect(running.errors).toContain('program.mjs:');
  },
);

test('[C12] a stray error of plain code stops the program as well', async () => {
  const running = new Program('plain');
  expect(await running.end()).toBe(1);
  expect(running.lines).toEqual(['ready', 'a stops: shutdown']);
  expect(running.errors).toContain('a stray error of program #PID<0.0.0> stops the program');
});

test('[C12] with strayErrors "leave", Node.js ends the program as it does', async () => {
  const running = new Program('stray', 'timer', 'leave');
  expect(await running.end()).toBe(1);
  expect(running.lines).toEqual(['ready']);
  expect(running.errors).not.toContain('a stray error');
});

test.each([
  ['plain', undefined, 0],
  ['plain', '3', 3],
  ['process', '4', 4],
  ['child', undefined, 7],
] as const)(
  'System.stop stops all applications in order, the youngest first: from %s, with %s',
  async (from, code, expected) => {
    const running = new Program('system', from, ...(code === undefined ? [] : [code]));
    expect(await running.end()).toBe(expected);
    expect(running.lines).toEqual(['ready', 'b stops: shutdown', ...stopped]);
  },
);

test('System.stop without applications exits with its code', async () => {
  expect(await new Program('alone').end()).toBe(3);
});
