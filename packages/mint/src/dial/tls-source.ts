/**
 * Certificates and keys that come from files, which may be replaced while they
 * are in use, as certificates are that live for a day. Whatever is wrong with
 * new files, the identity of the old ones stays.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { OptionsError } from '../errors/index.ts';
import { TlsIdentity, type TlsIdentityOptions } from './tls-identity.ts';

/** What of TLS can be set, files included: each in place of the option without `File`. */
export interface TlsSourceOptions extends TlsIdentityOptions {
  readonly caFile?: string | readonly string[] | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly pfxFile?: string | undefined;
}

const certificate = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** What is read from files, and for which option. */
interface FromFiles {
  ca?: Buffer[];
  cert?: Buffer;
  key?: Buffer;
  pfx?: Buffer;
}

interface File {
  readonly option: 'caFile' | 'certFile' | 'keyFile' | 'pfxFile';
  readonly path: string;
}

/**
 * Where the identity of connections comes from. Without files it is one and the
 * same for ever.
 *
 * @throws OptionsError if a file cannot be read, or its content not be used.
 *
 * @example
 * const source = new TlsSource({ certFile: '/run/tls/tls.crt', keyFile: '/run/tls/tls.key' });
 * source.reload(); // false: nothing has changed
 */
export class TlsSource {
  private readonly options: TlsIdentityOptions;
  private readonly option: string;
  private readonly warn: (error: Error) => void;
  private readonly files: readonly File[];
  private current: TlsIdentity;
  /** What the files looked like from outside when they were read last. */
  private stamp: string;
  /** What was in them when the identity was made. */
  private digest: string;

  /**
   * `option` is the name that the options have for the user, for errors; `warn` is told of files
   * that `refresh` could not use.
   */
  constructor(options: TlsSourceOptions, option = 'tls', warn = emitWarning) {
    const { caFile, certFile, keyFile, pfxFile, ...rest } = options;
    this.options = rest;
    this.option = option;
    this.warn = warn;
    this.files = [
      ...filesOf('caFile', caFile),
      ...filesOf('certFile', certFile),
      ...filesOf('keyFile', keyFile),
      ...filesOf('pfxFile', pfxFile),
    ];
    this.stamp = this.look();
    const contents = this.read();
    this.digest = digestOf(contents);
    this.current = this.make(contents);
  }

  /** The identity in use, without a look at the files. */
  get identity(): TlsIdentity {
    return this.current;
  }

  /**
   * The identity for a new connection: another one when a file has changed. Files
   * that cannot be used are reported once, by default as a warning of the process
   * (`LINNET_MINT_TLS_RELOAD`).
   */
  refresh(): TlsIdentity {
    if (this.files.length === 0) return this.current;
    const stamp = this.look();
    if (stamp === this.stamp) return this.current;
    try {
      this.reload();
    } catch (error) {
      this.warn(error as Error);
    }
    return this.current;
  }

  /**
   * Reads the files; returns whether that made another identity.
   *
   * @throws OptionsError as the constructor; then nothing has changed.
   */
  reload(): boolean {
    // Before the reading: what is written meanwhile is a change again.
    this.stamp = this.look();
    const contents = this.read();
    const digest = digestOf(contents);
    if (digest === this.digest) return false;
    const successor = this.make(contents);
    this.current.replaced = true;
    this.current = successor;
    this.digest = digest;
    return true;
  }

  private look(): string {
    return this.files.map(({ path }) => stampOf(path)).join();
  }

  private read(): Buffer[] {
    return this.files.map((file) => {
      try {
        return readFileSync(file.path);
      } catch (error) {
        throw this.unusable(file, 'a file that can be read', error);
      }
    });
  }

  private make(contents: readonly Buffer[]): TlsIdentity {
    const given: FromFiles = {};
    for (const [index, file] of this.files.entries()) {
      const bytes = contents[index] as Buffer;
      switch (file.option) {
        case 'caFile':
          this.checkCertificates(file, bytes);
          (given.ca ??= []).push(bytes);
          break;
        case 'certFile':
          this.checkCertificates(file, bytes);
          given.cert = bytes;
          break;
        case 'keyFile':
          given.key = bytes;
          break;
        case 'pfxFile':
          given.pfx = bytes;
          break;
      }
    }
    return new TlsIdentity({ ...this.options, ...given }, this.option);
  }

  /** node:tls takes anything for a CA, and then trusts no server; and nothing for a certificate. */
  private checkCertificates(file: File, bytes: Buffer): void {
    const text = bytes.toString('latin1');
    try {
      const certificates = text.match(certificate) ?? [];
      const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
      if (certificates.length === 0) throw new Error('there is no certificate in it');
      if (certificates.length !== begun) throw new Error('its last certificate is not complete');
      for (const pem of certificates) new X509Certificate(pem);
    } catch (error) {
      throw this.unusable(file, 'a file of certificates in PEM', error);
    }
  }

  private unusable(file: File, allowed: string, cause: unknown): OptionsError {
    const option = `${this.option}.${file.option}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    const problem = `The file ${file.path} of ${option} cannot be used: ${why}`;
    return new OptionsError({ option, value: file.path, allowed, problem, cause });
  }
}

function emitWarning(error: Error): void {
  process.emitWarning(`${error.message} The identity of before stays in use.`, {
    type: 'LinnetMintWarning',
    code: 'LINNET_MINT_TLS_RELOAD',
  });
}

function filesOf(option: File['option'], paths: string | readonly string[] | undefined): File[] {
  if (paths === undefined) return [];
  return (typeof paths === 'string' ? [paths] : paths).map((path) => ({ option, path }));
}

/** Changes with the file. A file that is not there has a stamp, too: reading it tells what is wrong. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function digestOf(contents: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const bytes of contents) hash.update(`${bytes.length} `).update(bytes);
  return hash.digest('base64');
}
