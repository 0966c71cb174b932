/**
 * The handshake with one address: a socket, a connection, and the verification
 * of the server's certificate.
 */
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import { QuicDriver } from '../../driver/quic/quic-driver.ts';
import type { QuicDriverOptions } from '../../driver/quic/quic-driver.ts';
import type { QuicEnd, QuicUser } from '../../driver/quic/session.ts';
import { QuicSocket } from '../../driver/quic/quic-socket.ts';
import type { SocketOpening } from '../../driver/quic/quic-socket.ts';
import { ConnectError } from '../../errors/index.ts';
import type { QuicAddress, QuicConfig, QuicPath } from '../../quic/backend.ts';
import { badCertificate } from '../../quic/codes.ts';
import type { WireInfo } from '../../wire.ts';
import type { ServerName } from '../server-name.ts';
import type { TlsIdentity } from '../tls-identity.ts';
import { keyLogFileOf } from './credentials.ts';
import { handshakeError } from './handshake-error.ts';
import type { HandshakeProgress } from './handshake-error.ts';

/** What the handshakes with all addresses of a server have in common. */
export interface HandshakeSettings extends Omit<QuicDriverOptions, 'info' | 'role'> {
  readonly config: QuicConfig;
  readonly tls: TlsIdentity;
  readonly name: ServerName;
  readonly localAddress: string | undefined;
  /** As of now. */
  progress(): HandshakeProgress;
}

/** Who waits for it: one of its methods is called, once. */
export interface HandshakeUser {
  onOpen(handshake: QuicHandshake, session: QuicDriver): void;
  onFailed(handshake: QuicHandshake, error: Error): void;
}

export class QuicHandshake implements SocketOpening, QuicUser {
  private readonly settings: HandshakeSettings;
  private readonly outcome: HandshakeUser;
  private readonly socket: QuicSocket;
  private driver: QuicDriver | undefined;
  private isOver = false;

  constructor(remote: QuicAddress, settings: HandshakeSettings, outcome: HandshakeUser) {
    this.settings = settings;
    this.outcome = outcome;
    this.socket = new QuicSocket(remote, settings.localAddress, this);
  }

  /** Gives it up; the server is told. */
  abandon(): void {
    this.isOver = true;
    this.driver?.closeWith(false, 0, '');
    this.socket.close();
  }

  // From the socket, before there is a connection -----------------------------------

  onOpen(path: QuicPath): void {
    const { settings, socket } = this;
    const { config, tls, name, ...options } = settings;
    try {
      const connection = config.connect(name.sni, path, keyLogFileOf(tls));
      const info = this.infoOf(path);
      const driver = new QuicDriver(connection, socket, { ...options, role: 'client', info });
      this.driver = driver;
      socket.user = driver;
      driver.user = this;
    } catch (error) {
      // What the backend does not take: a name that is none.
      this.fail(new ConnectError({ ...settings.progress(), cause: error }));
    }
  }

  onDatagram(): void {}

  onNetworkError(error: Error): void {
    this.fail(new ConnectError({ ...this.progress(), cause: error }));
  }

  // From the connection -------------------------------------------------------------

  onReadable(): void {}

  onWritable(): void {}

  onCapacity(): void {}

  onTurn(): void {
    const { driver } = this;
    if (this.isOver || driver === undefined || !driver.isEstablished || driver.isEnding) return;
    const error = this.settings.tls.rejectUnauthorized ? this.certificateError() : undefined;
    if (error === undefined) {
      this.isOver = true;
      this.outcome.onOpen(this, driver);
      return;
    }
    // `onClose` follows, and tells of it.
    driver.closeWith(false, badCertificate, error.message);
  }

  onClose(end: QuicEnd): void {
    const isRefusal = end.by === 'local' && end.code === badCertificate;
    const cause = isRefusal ? this.certificateError() : this.driver?.networkError;
    this.fail(handshakeError(end, this.settings.progress(), cause));
  }

  /**
   * What is wrong with the name of the certificate, whose chain the backend verifies. It compares
   * names, too, but not addresses, and not by the function of the user.
   */
  private certificateError(): Error | undefined {
    const { tls, name } = this.settings;
    const der = this.driver?.peerCertificate;
    if (der === undefined) return new Error('the server has no certificate');
    try {
      const certificate = new X509Certificate(der).toLegacyObject();
      return (tls.checkServerIdentity ?? checkServerIdentity)(name.verified, certificate);
    } catch (error) {
      return error as Error;
    }
  }

  private infoOf({ local, remote }: QuicPath): WireInfo {
    const { tls, name } = this.settings;
    return {
      localAddress: local.host,
      localPort: local.port,
      remoteAddress: remote.host,
      remotePort: remote.port,
      tls: {
        version: 'TLSv1.3',
        authorized: tls.rejectUnauthorized,
        resumed: false,
        alpnProtocol: 'h3',
        servername: name.sni,
      },
    };
  }

  private progress(): Omit<HandshakeProgress, 'servername'> {
    const { origin, waited } = this.settings.progress();
    return { origin, waited };
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close();
    this.outcome.onFailed(this, error);
  }
}
