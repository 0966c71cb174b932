/**
 * The step that opens a QUIC connection: name lookup, then handshakes with the
 * addresses in the manner of Happy Eyeballs (RFC 8305), of which the first that
 * is complete wins.
 */
import { getDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import type { Alarm, Clock } from '../../driver/clock.ts';
import type { QuicDriver } from '../../driver/quic/quic-driver.ts';
import { ConnectError, TlsError } from '../../errors/index.ts';
import type { Step } from '../attempt.ts';
import type { Elapsed } from '../socket-connect.ts';
import { addressesOf } from './addresses.ts';
import { allFailed } from './handshake-error.ts';
import { QuicHandshake } from './handshake.ts';
import type { HandshakeSettings, HandshakeUser } from './handshake.ts';
import type { DialledQuic, QuicDialOptions, QuicTarget } from './quic-target.ts';

/** H3_NO_ERROR (RFC 9114, 8.1): the connection is not needed any more. */
const noError = 0x100;

/** Opens one connection. Begins when it is made. */
export class QuicConnect implements Step<DialledQuic>, HandshakeUser {
  readonly result: Promise<DialledQuic>;
  private readonly target: QuicTarget;
  private readonly options: QuicDialOptions;
  private readonly settings: HandshakeSettings;
  private readonly elapsed: Elapsed;
  private readonly clock: Clock;
  private readonly begunAt: number;
  private lookedUpAt: number;
  private untried: string[] = [];
  private readonly running = new Set<QuicHandshake>();
  private readonly errors: Error[] = [];
  private nextAt: Alarm | undefined;
  private session: QuicDriver | undefined;
  private isOver = false;
  private resolve!: (dialled: DialledQuic) => void;
  private reject!: (error: unknown) => void;

  /** Times are those of the dial that it is a step of. Call it in a clean async context. */
  constructor(
    target: QuicTarget,
    options: QuicDialOptions,
    settings: HandshakeSettings,
    elapsed: Elapsed,
  ) {
    this.target = target;
    this.options = options;
    this.settings = settings;
    this.elapsed = elapsed;
    this.clock = settings.clock;
    this.begunAt = elapsed.waited;
    this.lookedUpAt = this.begunAt;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    void this.begin();
  }

  abandon(error: unknown): void {
    this.fail(error);
    this.session?.close(noError, '');
  }

  private async begin(): Promise<void> {
    try {
      this.untried = await addressesOf(this.target.host, this.options);
    } catch (error) {
      const { origin, waited } = this.settings.progress();
      this.fail(new ConnectError({ origin, waited, cause: error }));
      return;
    }
    this.lookedUpAt = this.elapsed.waited;
    if (!this.isOver) this.tryNext();
  }

  private readonly tryNext = (): void => {
    this.nextAt?.cancel();
    const host = this.untried.shift();
    if (host === undefined) return;
    this.running.add(new QuicHandshake({ host, port: this.target.port }, this.settings, this));
    if (this.untried.length === 0) return;
    const limit =
      this.options.autoSelectFamilyAttemptTimeout ?? getDefaultAutoSelectFamilyAttemptTimeout();
    this.nextAt = this.clock.after(limit, this.tryNext);
  };

  // From the handshakes -------------------------------------------------------------

  onOpen(handshake: QuicHandshake, session: QuicDriver): void {
    this.running.delete(handshake);
    this.session = session;
    this.end();
    session.unref();
    const { begunAt, lookedUpAt } = this;
    const now = this.elapsed.waited;
    const timings = {
      lookup: lookedUpAt - begunAt,
      connect: now - lookedUpAt,
      tls: 0,
      total: now - begunAt,
    };
    this.resolve({ session, timings });
  }

  onFailed(handshake: QuicHandshake, error: Error): void {
    this.running.delete(handshake);
    this.failed(error);
  }

  private failed(error: Error): void {
    this.errors.push(error);
    // The server has answered: as over TCP, its other addresses are not asked for another certificate.
    if (error instanceof TlsError) this.fail(error);
    else if (this.untried.length > 0) this.tryNext();
    else if (this.running.size === 0) this.fail(allFailed(this.errors, this.settings.progress()));
  }

  private fail(error: unknown): void {
    this.end();
    this.reject(error);
  }

  /** Lets go of all that did not win. */
  private end(): void {
    this.isOver = true;
    this.untried = [];
    this.nextAt?.cancel();
    for (const handshake of this.running) handshake.abandon();
    this.running.clear();
  }
}
