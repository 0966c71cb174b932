/** QUIC for tests: skipped, and said so, where the optional package or its binary is missing; and a server of raw streams. */
import { getActiveResourcesInfo } from 'node:process';
import { describe, onTestFinished } from 'vitest';
import { quicAvailable } from '../../src/index.ts';
import type { QuicEnd, QuicUser } from '../../src/index.ts';
import type { QuicDriver } from '../../src/driver/quic/quic-driver.ts';
import type { QuicBackend, QuicSettings } from '../../src/quic/backend.ts';
import { loadQuic, quicPackage } from '../../src/quic/load.ts';
import { createAuthority } from '../../src/testing/index.ts';
import { QuicListener } from '../../src/testing/quic-listener.ts';

const isAvailable = await quicAvailable();
const notice = isAvailable ? '' : ` — SKIPPED: ${quicPackage} has no binary for this platform`;
if (!isAvailable) console.warn(notice.slice(3));

/** As `describe`, for tests that need QUIC. */
export function describeQuic(name: string, tests: () => void): void {
  describe.skipIf(!isAvailable)(`${name}${notice}`, () => {
    tests();
  });
}

export const authority = createAuthority();

/** The UDP sockets of this process, those of other tests too until they are closed. */
export function udpSockets(): number {
  return getActiveResourcesInfo().filter((resource) => resource === 'UDPWrap').length;
}

/** One connection of a server, with all that came over it. */
export class RawPeer implements QuicUser {
  readonly driver: QuicDriver;
  /** What came, by stream. */
  readonly received = new Map<number, Buffer>();
  readonly finished = new Set<number>();
  readonly resets = new Map<number, number>();
  readonly closed: Promise<QuicEnd>;
  /** Streams that are not read. */
  readonly unread = new Set<number>();
  private readonly script: Partial<QuicUser>;
  private resolveClosed!: (end: QuicEnd) => void;

  constructor(driver: QuicDriver, script: (peer: RawPeer) => Partial<QuicUser>) {
    this.driver = driver;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.script = script(this);
    driver.user = this;
  }

  text(id: number): string {
    return String(this.received.get(id) ?? '');
  }

  onReadable(id: number): void {
    if (!this.unread.has(id)) this.readAll(id);
    this.script.onReadable?.(id);
  }

  readAll(id: number): void {
    const into = Buffer.alloc(65_536);
    for (;;) {
      const length = this.driver.read(id, into);
      if (length === -2) this.resets.set(id, this.driver.code);
      if (length < 0) return;
      const before = this.received.get(id) ?? Buffer.alloc(0);
      this.received.set(id, Buffer.concat([before, into.subarray(0, length)]));
      if (!this.driver.fin) continue;
      this.finished.add(id);
      return;
    }
  }

  onWritable(id: number): void {
    this.script.onWritable?.(id);
  }

  onCapacity(): void {
    this.script.onCapacity?.();
  }

  onTurn(): void {
    this.script.onTurn?.();
  }

  onClose(end: QuicEnd): void {
    this.script.onClose?.(end);
    this.resolveClosed(end);
  }
}

export interface RawServer {
  readonly port: number;
  readonly peers: readonly RawPeer[];
  /** Stops as if it had been killed. */
  kill(): Promise<void>;
}

export interface RawServerOptions extends Partial<QuicSettings> {
  /** Default: that of the package. */
  readonly backend?: QuicBackend;
  readonly names?: readonly string[];
  readonly host?: string;
  readonly script?: (peer: RawPeer) => Partial<QuicUser>;
}

/** Starts a server of QUIC, which reads all and answers what its script says; it is killed after the test. */
export async function startQuicServer(options: RawServerOptions = {}): Promise<RawServer> {
  const { names = ['localhost'], host = '127.0.0.1', script = () => ({}), ...rest } = options;
  const { backend = await loadQuic(), ...settings } = rest;
  const config = backend.configure({
    verifyPeer: false,
    ...authority.issue(names),
    alpn: ['h3'],
    idleTimeout: 30_000,
    connectionWindow: 1 << 20,
    streamWindow: 1 << 20,
    streams: 100,
    ...settings,
  });
  const peers: RawPeer[] = [];
  const listener = await QuicListener.open(host, config, (driver) => {
    peers.push(new RawPeer(driver, script));
  });
  onTestFinished(() => listener.close());
  return { port: listener.port, peers, kill: () => listener.close() };
}
