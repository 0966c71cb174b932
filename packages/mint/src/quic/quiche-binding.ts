/**
 * What is used of the binding of quiche in `@matrixai/quic`: a declaration of
 * our own, as the package is an optional one.
 */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface NativeClose {
  readonly isApp: boolean;
  readonly errorCode: number;
  readonly reason: Uint8Array;
}

export interface NativeConfig {
  setApplicationProtos(protocols: readonly string[]): void;
  setMaxIdleTimeout(ms: number): void;
  setMaxRecvUdpPayloadSize(size: number): void;
  setMaxSendUdpPayloadSize(size: number): void;
  setInitialMaxData(bytes: number): void;
  setInitialMaxStreamDataBidiLocal(bytes: number): void;
  setInitialMaxStreamDataBidiRemote(bytes: number): void;
  setInitialMaxStreamDataUni(bytes: number): void;
  setInitialMaxStreamsBidi(count: number): void;
  setInitialMaxStreamsUni(count: number): void;
  setMaxConnectionWindow(bytes: number): void;
  setMaxStreamWindow(bytes: number): void;
  setDisableActiveMigration(disabled: boolean): void;
  grease(enabled: boolean): void;
  logKeys(): void;
}

/** Methods throw for what is no longer possible, too: `Done`, `StreamReset(268)`, `InvalidStreamState(4)`. */
export interface NativeConnection {
  setKeylog(path: string): void;
  recv(data: Uint8Array, info: { readonly from: HostPort; readonly to: HostPort }): number;
  send(data: Uint8Array): readonly [length: number, info: unknown] | null;
  streamRecv(id: number, data: Uint8Array): readonly [length: number, fin: boolean] | null;
  streamSend(id: number, data: Uint8Array, fin: boolean): number | null;
  streamShutdown(id: number, direction: number, code: number): void;
  streamCapacity(id: number): number;
  streamReadable(id: number): boolean;
  readable(): Iterable<number>;
  isReadable(): boolean;
  peerStreamsLeftBidi(): number;
  timeout(): number | null;
  onTimeout(): void;
  sendAckEliciting(): void;
  close(isApplication: boolean, code: number, reason: Uint8Array): void;
  peerCertChain(): readonly Uint8Array[] | null;
  isEstablished(): boolean;
  isDraining(): boolean;
  isClosed(): boolean;
  isTimedOut(): boolean;
  peerError(): NativeClose | null;
  localError(): NativeClose | null;
  stats(): { readonly recv: number; readonly peerMaxIdleTimeout: number };
}

export interface Quiche {
  readonly Config: {
    withBoringSslCtx(
      verifyPeer: boolean,
      verifyAllowFail: boolean,
      ca: Uint8Array | null,
      key: readonly Uint8Array[] | null,
      cert: readonly Uint8Array[] | null,
    ): NativeConfig;
  };
  readonly Connection: {
    connect(
      servername: string | null,
      connectionId: Uint8Array,
      local: HostPort,
      remote: HostPort,
      config: NativeConfig,
    ): NativeConnection;
    accept(
      connectionId: Uint8Array,
      originalId: null,
      local: HostPort,
      remote: HostPort,
      config: NativeConfig,
    ): NativeConnection;
  };
  readonly Shutdown: { readonly Read: number; readonly Write: number };
}
