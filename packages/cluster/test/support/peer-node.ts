/** A node that runs in a program of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClusterOptions } from '../../src/index.ts';
import type { NatsOptions } from '../../src/nats/index.ts';

export class PeerNode implements AsyncDisposable {
  readonly process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.process = child;
  }

  /**
   * Starts it, and waits until it is a node.
   * @param within The words before its command, such as those that put it into a network namespace.
   * @param program Default its sources; tests have a bundle of them, which starts sooner.
   */
  static async start(
    options: Omit<ClusterOptions, 'carrier'> & { readonly nats: NatsOptions },
    within: readonly string[] = [],
    program = fileURLToPath(new URL('./peer-program.ts', import.meta.url)),
  ): Promise<PeerNode> {
    const node = [process.execPath, '--conditions=@linnet/source', '--no-warnings', program];
    const [command, ...args] = [...within, ...node, JSON.stringify(options)];
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      unknown,
    ];
    if (message !== 'up') throw new Error(`the node ended with ${String(message)}`);
    return new PeerNode(child);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }

  async stop(): Promise<void> {
    this.process.send('stop');
    await once(this.process, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
