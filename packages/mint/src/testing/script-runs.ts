/**
 * The connections of a scripted server, and the runs of its script on them.
 */
import { Waiting } from './waiting.ts';

/**
 * What a server does on each connection: it is given the connection, and its number from 0. May be
 * async; what it throws, `close` of the server rejects with.
 */
export type Script<P> = (peer: P, index: number) => unknown;

export class ScriptRuns<P> {
  readonly peers: P[] = [];
  private readonly script: Script<P>;
  private readonly failures: unknown[] = [];
  private readonly arrivals = new Waiting();
  private isClosing = false;
  /** The connections that the end of the server broke: a script that fails on one of them has done nothing wrong. */
  private broken: ReadonlySet<P> = new Set();

  constructor(script: Script<P>) {
    this.script = script;
  }

  /** Runs the script on a new connection. */
  add(peer: P): void {
    this.peers.push(peer);
    this.arrivals.wake();
    void this.run(peer, this.peers.length - 1);
  }

  /** Waits for the connection of this number. */
  async peer(index: number): Promise<P> {
    for (;;) {
      const peer = this.peers[index];
      if (peer !== undefined) return peer;
      if (this.isClosing) {
        throw new Error(`The server was closed before connection ${index} came`);
      }
      await this.arrivals.next();
    }
  }

  /** The server is about to break its connections, of which those are open that `isOpen` says. */
  begin(isOpen: (peer: P) => boolean): void {
    if (!this.isClosing) this.broken = new Set(this.peers.filter(isOpen));
    this.isClosing = true;
  }

  /** The server has closed. @throws what a script threw first. */
  finish(): void {
    this.arrivals.wake();
    if (this.failures.length > 0) throw this.failures[0];
  }

  private async run(peer: P, index: number): Promise<void> {
    try {
      await this.script(peer, index);
    } catch (error) {
      if (!this.broken.has(peer)) this.failures.push(error);
    }
  }
}
