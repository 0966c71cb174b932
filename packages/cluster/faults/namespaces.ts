/**
 * Hosts of their own, as network namespaces on one bridge, which can be cut off: a cut swallows what is
 * sent, and tells no one. Needs root and `ip` of iproute2.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = async (...words: readonly string[]): Promise<void> => {
  await promisify(execFile)('ip', words);
};

export class Hosts implements AsyncDisposable {
  readonly #prefix = `linnet${process.pid}`;
  readonly #count: number;

  private constructor(count: number) {
    this.#count = count;
  }

  /** @throws what `ip` says when they cannot be made. */
  static async make(count: number): Promise<Hosts> {
    const hosts = new Hosts(count);
    try {
      await hosts.#make();
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
    return hosts;
  }

  address(index: number): string {
    return `10.77.0.${index + 1}`;
  }

  /** The words before a command that is to run there. */
  within(index: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#host(index)];
  }

  /** Cuts a host off from all others. */
  async cut(index: number): Promise<void> {
    await run('-n', this.#bridge, 'link', 'set', `port${index}`, 'nomaster');
  }

  async heal(index: number): Promise<void> {
    await run('-n', this.#bridge, 'link', 'set', `port${index}`, 'master', 'br0');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const names = [this.#bridge, ...Array.from({ length: this.#count }, (_, i) => this.#host(i))];
    for (const name of names) await run('netns', 'del', name).catch(() => {});
  }

  get #bridge(): string {
    return `${this.#prefix}b`;
  }

  #host(index: number): string {
    return `${this.#prefix}h${index}`;
  }

  async #make(): Promise<void> {
    const bridge = this.#bridge;
    await run('netns', 'add', bridge);
    await run('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
    await run('-n', bridge, 'link', 'set', 'br0', 'up');
    for (let i = 0; i < this.#count; i++) {
      const host = this.#host(i);
      await run('netns', 'add', host);
      const peer = ['peer', 'name', `port${i}`, 'netns', bridge];
      await run('link', 'add', 'eth0', 'netns', host, 'type', 'veth', ...peer);
      await run('-n', bridge, 'link', 'set', `port${i}`, 'master', 'br0', 'up');
      await run('-n', host, 'addr', 'add', `${this.address(i)}/24`, 'dev', 'eth0');
      await run('-n', host, 'link', 'set', 'lo', 'up');
      await run('-n', host, 'link', 'set', 'eth0', 'up');
    }
  }
}
