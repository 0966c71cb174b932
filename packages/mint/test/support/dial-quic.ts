/** Dials servers of tests over QUIC. */
import { onTestFinished } from 'vitest';
import { dialQuic, TlsIdentity } from '../../src/index.ts';
import type { QuicDialOptions, QuicEnd, QuicSession, QuicUser } from '../../src/index.ts';
import { authority } from './quic.ts';

export const trusting = new TlsIdentity({ ca: authority.ca });

/** What is dialled, and how: by default `localhost` as the name of 127.0.0.1. */
export interface QuicDialing extends QuicDialOptions {
  readonly port: number;
  readonly host?: string;
  readonly servername?: string;
  readonly tls?: TlsIdentity;
}

/** The client's side of a connection, and what became of its streams. */
export class RawClient implements QuicUser {
  readonly session: QuicSession;
  readonly events: string[] = [];
  readonly closed: Promise<QuicEnd>;
  onActivity: (() => void) | undefined;
  private end!: (end: QuicEnd) => void;

  constructor(session: QuicSession) {
    this.session = session;
    this.closed = new Promise((resolve) => {
      this.end = resolve;
    });
    session.user = this;
  }

  /** All of a stream that can be read now. */
  read(id: number): string {
    const into = Buffer.alloc(1 << 20);
    let text = '';
    for (;;) {
      const length = this.session.read(id, into);
      if (length === -2) return `${text}[reset ${this.session.code}]`;
      if (length < 0) return text;
      text += into.toString('latin1', 0, length);
      if (this.session.fin) return `${text}[end]`;
    }
  }

  onReadable(id: number): void {
    this.events.push(`readable ${id}`);
  }

  onWritable(id: number): void {
    this.events.push(`writable ${id}`);
  }

  onCapacity(): void {
    this.events.push(`capacity ${this.session.streamsLeft}`);
  }

  onTurn(): void {}

  onClose(end: QuicEnd): void {
    this.events.push('close');
    this.end(end);
  }
}

/** Opens a connection; it is closed after the test. */
export async function connectQuic({
  port,
  host = '127.0.0.1',
  servername = 'localhost',
  tls = trusting,
  ...options
}: QuicDialing): Promise<RawClient> {
  const target = { origin: `https://${servername}:${port}`, host, port, servername, tls };
  const client = await dialQuic(target, options, ({ session }) => new RawClient(session)).result;
  onTestFinished(() => client.session.close(0x100, ''));
  return client;
}

/** What a dial rejects with. */
export function failureOf(dialing: QuicDialing): Promise<unknown> {
  return connectQuic(dialing).then(
    () => undefined,
    (error: unknown) => error,
  );
}
