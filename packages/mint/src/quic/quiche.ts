/**
 * QUIC by quiche. Its binding reports failures of a stream as exceptions with a
 * text; here they are values.
 */
import { randomBytes } from 'node:crypto';
import { maxDatagram, noStream, nothing, stopped } from './backend.ts';
import type {
  QuicBackend,
  QuicCloseReason,
  QuicConfig,
  QuicConnection,
  QuicPath,
  QuicSettings,
} from './backend.ts';
import type { HostPort, NativeClose, NativeConfig, NativeConnection } from './quiche-binding.ts';
import type { Quiche } from './quiche-binding.ts';

/** The largest one that is taken: an Ethernet frame's. */
const maxTaken = 1500;

/** Streams in one direction that the peer may open: HTTP/3 needs three, and unknown ones are let go of. */
const unidirectionalStreams = 16;
const unidirectionalWindow = 65_536;

/**
 * A connection's window that is never used up. quiche cannot be given any other that does no harm: it
 * renews the window by some 50 KiB at a time, which one slow reader uses up for all; and what it drops
 * unread, of a stream that was reset, stays counted for good.
 */
const unlimited = Number.MAX_SAFE_INTEGER;

/** The longest connection id (RFC 9000, 17.2). */
const idLength = 16;

/** The codes of a stream that the peer ended, in the text of an exception. */
const streamError = /^Stream(?:Reset|Stopped)\((\d+)\)/;

export class QuicheBackend implements QuicBackend {
  private readonly quiche: Quiche;

  constructor(quiche: Quiche) {
    this.quiche = quiche;
  }

  configure(settings: QuicSettings): QuicConfig {
    const { verifyPeer, ca, cert, key } = settings;
    const config = this.quiche.Config.withBoringSslCtx(
      verifyPeer,
      false,
      ca === undefined ? null : Buffer.from(ca),
      key === undefined ? null : [Buffer.from(key)],
      cert === undefined ? null : [Buffer.from(cert)],
    );
    config.setApplicationProtos(settings.alpn);
    config.setMaxIdleTimeout(settings.idleTimeout);
    config.setMaxRecvUdpPayloadSize(maxTaken);
    config.setMaxSendUdpPayloadSize(maxDatagram);
    const connectionWindow = Math.min(settings.connectionWindow, unlimited);
    config.setInitialMaxData(connectionWindow);
    config.setMaxConnectionWindow(connectionWindow);
    config.setInitialMaxStreamDataBidiLocal(settings.streamWindow);
    config.setInitialMaxStreamDataBidiRemote(settings.streamWindow);
    config.setMaxStreamWindow(settings.streamWindow);
    config.setInitialMaxStreamDataUni(unidirectionalWindow);
    config.setInitialMaxStreamsBidi(settings.streams);
    config.setInitialMaxStreamsUni(unidirectionalStreams);
    config.setDisableActiveMigration(true);
    config.grease(true);
    if (settings.logsKeys === true) config.logKeys();
    return new QuicheConfig(this.quiche, config);
  }
}

class QuicheConfig implements QuicConfig {
  private readonly quiche: Quiche;
  private readonly config: NativeConfig;

  constructor(quiche: Quiche, config: NativeConfig) {
    this.quiche = quiche;
    this.config = config;
  }

  connect(servername: string | undefined, path: QuicPath, keyLogFile?: string): QuicConnection {
    const { quiche, config } = this;
    const { local, remote } = path;
    const id = randomBytes(idLength);
    const native = quiche.Connection.connect(servername ?? null, id, local, remote, config);
    if (keyLogFile !== undefined) native.setKeylog(keyLogFile);
    return new QuicheConnection(quiche, native, path);
  }

  accept(path: QuicPath): QuicConnection {
    const { quiche, config } = this;
    const { local, remote } = path;
    const id = randomBytes(idLength);
    const native = quiche.Connection.accept(id, null, local, remote, config);
    return new QuicheConnection(quiche, native, path);
  }
}

class QuicheConnection implements QuicConnection {
  fin = false;
  errorCode = 0;
  private readonly native: NativeConnection;
  private readonly shutdown: Quiche['Shutdown'];
  private readonly received: { readonly from: HostPort; readonly to: HostPort };

  constructor(quiche: Quiche, native: NativeConnection, { local, remote }: QuicPath) {
    this.native = native;
    this.shutdown = quiche.Shutdown;
    this.received = { from: remote, to: local };
  }

  get isEstablished(): boolean {
    return this.native.isEstablished();
  }

  get isClosed(): boolean {
    return this.native.isClosed() || this.native.isDraining();
  }

  get isTimedOut(): boolean {
    return this.native.isTimedOut();
  }

  get peerClose(): QuicCloseReason | undefined {
    return closeReason(this.native.peerError());
  }

  get localClose(): QuicCloseReason | undefined {
    return closeReason(this.native.localError());
  }

  get peerCertificate(): Uint8Array | undefined {
    return this.native.peerCertChain()?.[0];
  }

  get peerIdleTimeout(): number | undefined {
    const { peerMaxIdleTimeout } = this.native.stats();
    return peerMaxIdleTimeout > 0 ? peerMaxIdleTimeout : undefined;
  }

  get packetsReceived(): number {
    return this.native.stats().recv;
  }

  get streamsLeft(): number {
    return this.native.peerStreamsLeftBidi();
  }

  receive(datagram: Uint8Array): void {
    try {
      this.native.recv(datagram, this.received);
    } catch {
      // A packet of another connection or a damaged one; or the connection has failed, which `localClose` tells.
    }
  }

  send(into: Uint8Array): number {
    try {
      return this.native.send(into)?.[0] ?? nothing;
    } catch {
      // The connection has failed, which `localClose` tells.
      return nothing;
    }
  }

  timeout(): number | undefined {
    return this.native.timeout() ?? undefined;
  }

  onTimeout(): void {
    this.native.onTimeout();
  }

  hasReadable(): boolean {
    return this.native.isReadable();
  }

  isReadable(id: number): boolean {
    return this.native.streamReadable(id);
  }

  readable(): Iterable<number> {
    return this.native.readable();
  }

  read(id: number, into: Uint8Array): number {
    this.fin = false;
    try {
      const read = this.native.streamRecv(id, into);
      if (read === null) return nothing;
      this.fin = read[1];
      return read[0];
    } catch (error) {
      return this.failure(error);
    }
  }

  write(id: number, bytes: Uint8Array, fin: boolean): number {
    try {
      // Nothing was taken for want of a window, or because the stream is over in both directions.
      return this.native.streamSend(id, bytes, fin) ?? Math.min(0, this.capacity(id));
    } catch (error) {
      return this.failure(error);
    }
  }

  capacity(id: number): number {
    try {
      return this.native.streamCapacity(id);
    } catch (error) {
      return this.failure(error);
    }
  }

  reset(id: number, code: number): void {
    this.shutDown(id, this.shutdown.Write, code);
  }

  stop(id: number, code: number): void {
    this.shutDown(id, this.shutdown.Read, code);
  }

  ping(): void {
    try {
      this.native.sendAckEliciting();
    } catch {
      // The connection has ended.
    }
  }

  close(isApplication: boolean, code: number, reason: string): void {
    try {
      this.native.close(isApplication, code, Buffer.from(reason));
    } catch {
      // It was closed before.
    }
  }

  private shutDown(id: number, direction: number, code: number): void {
    try {
      this.native.streamShutdown(id, direction, code);
    } catch {
      // That direction has ended.
    }
  }

  private failure(error: unknown): typeof stopped | typeof noStream {
    const code = streamError.exec((error as Error).message)?.[1];
    if (code === undefined) return noStream;
    this.errorCode = Number(code);
    return stopped;
  }
}

function closeReason(given: NativeClose | null): QuicCloseReason | undefined {
  if (given === null) return undefined;
  const { isApp, errorCode, reason } = given;
  return { code: errorCode, isApplication: isApp, reason: Buffer.from(reason).toString() };
}
