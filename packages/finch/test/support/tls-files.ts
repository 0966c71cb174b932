/** Certificates in files, which a test replaces as an operator would. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '@linnet/mint/testing';
import { onTestFinished } from 'vitest';

export interface TlsFiles {
  /** To be spread into `connOpts.tls`. */
  readonly options: {
    readonly caFile: string;
    readonly certFile: string;
    readonly keyFile: string;
  };
  /** Puts a certificate and its key in place of those before. */
  install(certificate: Partial<Certificate> & { readonly ca?: string }): void;
}

/** Makes a folder with a CA, a certificate and its key, and removes it after the test. */
export function createTlsFiles(ca: string, certificate: Certificate): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'linnet-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const options = {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, 'tls.crt'),
    keyFile: join(folder, 'tls.key'),
  };
  const replace = (path: string, text: string | undefined): void => {
    if (text === undefined) return;
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  const install: TlsFiles['install'] = (given) => {
    replace(options.caFile, given.ca);
    replace(options.certFile, given.cert);
    replace(options.keyFile, given.key);
  };
  install({ ca, ...certificate });
  return { options, install };
}
