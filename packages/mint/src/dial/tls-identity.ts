/**
 * Who this side is in TLS handshakes, and which authorities it trusts: the options of
 * node:tls made into one secure context (parsing certificates takes time and
 * memory), with the sessions that servers gave for resumption. Connections of
 * different identities never share a session.
 */
import { appendFile } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { PeerCertificate, SecureContext, SecureContextOptions, TLSSocket } from 'node:tls';
import { OptionsError } from '../errors/index.ts';

/** What of TLS can be set. */
export interface TlsIdentityOptions extends SecureContextOptions {
  /** Whether the server's certificate must be valid. Default true; `false` is for tests only. */
  readonly rejectUnauthorized?: boolean | undefined;
  /**
   * Replaces `tls.checkServerIdentity`: compares the name or address that is wanted with those of
   * the certificate, and returns an error or nothing. Not called for a resumed session.
   */
  readonly checkServerIdentity?:
    | ((host: string, certificate: PeerCertificate) => Error | undefined)
    | undefined;
  /** How many servers' sessions are kept for resumption. Default 100; 0 turns resumption off. */
  readonly maxCachedSessions?: number | undefined;
  /** A file that the keys of each session are appended to, in the format of `SSLKEYLOGFILE`. For debugging only. */
  readonly keyLogFile?: string | undefined;
}

/**
 * A TLS identity, to be shared by all connections that are dialled with the
 * same options.
 *
 * @throws {OptionsError} if a key, certificate, protocol version or cipher list cannot be used.
 *
 * @example
 * const identity = new TlsIdentity({ ca: readFileSync('internal-ca.pem') });
 */
export class TlsIdentity {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: TlsIdentityOptions['checkServerIdentity'];
  /** Another identity has taken its place (see `TlsSource`): its connections should get no further request. */
  replaced = false;
  private readonly keyLogFile: string | undefined;
  private readonly maxCachedSessions: number;
  /** The youngest session of each server, the least recently stored server first. */
  private readonly sessions = new Map<string, Buffer>();
  /** Out of sight of `util.inspect`: there are keys in it. */
  readonly #options: TlsIdentityOptions;

  /** `option` is the name that the options have for the user, for errors. */
  constructor(options: TlsIdentityOptions = {}, option = 'tls') {
    const { rejectUnauthorized, checkServerIdentity, maxCachedSessions, keyLogFile, ...context } =
      options;
    this.#options = options;
    this.secureContext = secureContextOf(context, option);
    this.rejectUnauthorized = rejectUnauthorized ?? true;
    this.checkServerIdentity = checkServerIdentity;
    this.maxCachedSessions = maxCachedSessions ?? 100;
    this.keyLogFile = keyLogFile;
  }

  /** What it was made of. */
  get options(): TlsIdentityOptions {
    return this.#options;
  }

  /** The session to resume with a server, if it gave one. */
  session(server: string): Buffer | undefined {
    return this.sessions.get(server);
  }

  /** Forgets a server's session, after a handshake that failed with it. */
  forgetSession(server: string): void {
    this.sessions.delete(server);
  }

  /** Keeps the sessions, and logs the keys, that come over a socket from now on. */
  watch(socket: TLSSocket, server: string): void {
    if (this.maxCachedSessions > 0) {
      socket.on('session', (session: Buffer) => this.keepSession(server, session));
    }
    const { keyLogFile } = this;
    if (keyLogFile !== undefined) {
      socket.on('keylog', (line: Buffer) => appendKeys(keyLogFile, line));
    }
  }

  private keepSession(server: string, session: Buffer): void {
    this.sessions.delete(server);
    this.sessions.set(server, session);
    if (this.sessions.size > this.maxCachedSessions) {
      const [oldest] = this.sessions.keys();
      if (oldest !== undefined) this.sessions.delete(oldest);
    }
  }
}

function secureContextOf(options: SecureContextOptions, option: string): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    throw new OptionsError({
      option,
      value: options,
      allowed: 'options of tls.createSecureContext',
      problem: `The options ${option} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
}

function appendKeys(file: string, line: Buffer): void {
  appendFile(file, line, { mode: 0o600 }, (error) => {
    if (error !== null) warnOfKeyLog(error);
  });
}

/** The file for keys cannot be written to, which is no reason to end a connection. */
export function warnOfKeyLog(error: Error): void {
  process.emitWarning(`Cannot write to the keyLogFile: ${error.message}`, {
    type: 'LinnetMintWarning',
    code: 'LINNET_MINT_KEYLOG',
  });
}
