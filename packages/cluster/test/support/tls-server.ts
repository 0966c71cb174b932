/** A NATS server that takes clients with a certificate only. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@linnet/mint/testing';
import type { NatsOptions } from '../../src/nats/index.ts';
import { NatsServer } from './nats-server.ts';

type TlsOptions = NonNullable<NatsOptions['tls']>;

export class TlsServer implements AsyncDisposable {
  readonly server: NatsServer;
  /** Options of a client with a certificate that the server knows, with one that it does not, with none. */
  readonly known: TlsOptions;
  readonly stranger: TlsOptions;
  readonly none: TlsOptions;
  readonly #folder: string;

  private constructor(server: NatsServer, folder: string, clients: readonly TlsOptions[]) {
    this.server = server;
    this.#folder = folder;
    [this.known = {}, this.stranger = {}, this.none = {}] = clients;
  }

  static async start(): Promise<TlsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'linnet-tls-'));
    const authority = createAuthority();
    const own = authority.issue(['localhost', '127.0.0.1']);
    const files = { 'ca.pem': authority.ca, 'server.pem': own.cert, 'server.key': own.key };
    const file = (name: string): string => join(folder, name);
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
    const server = await NatsServer.start(
      `tls { cert_file: "${file('server.pem')}", key_file: "${file('server.key')}", ca_file: "${file('ca.pem')}", verify: true }`,
    );
    const trusts = { ca: authority.ca };
    const known = { ...trusts, ...authority.issue(['client']) };
    const stranger = { ...trusts, ...createAuthority('Another').issue(['client']) };
    return new TlsServer(server, folder, [known, stranger, trusts]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}
