import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OptionsError, TlsSource } from '../../src/index.ts';
import { createAuthority } from '../../src/testing/index.ts';
import { turn } from '../support/eventually.ts';
import { createTlsFiles } from '../support/tls-files.ts';

const authority = createAuthority();
const first = authority.issue(['first']);
const second = authority.issue(['second']);

/** The warnings of this process about files, from here on. */
function warnings(): string[] {
  const texts: string[] = [];
  const listener = (warning: Error & { code?: string }): void => {
    if (warning.code === 'LINNET_MINT_TLS_RELOAD') texts.push(warning.message);
  };
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return texts;
}

test('without files there is one identity for ever', () => {
  const source = new TlsSource({ ca: authority.ca, cert: first.cert, key: first.key });
  const { identity } = source;
  expect(source.refresh()).toBe(identity);
  expect(source.reload()).toBe(false);
  expect(source.refresh()).toBe(identity);
  expect(identity.replaced).toBe(false);
});

test('files that have changed make another identity, at the next refresh', () => {
  const files = createTlsFiles(authority.ca, first);
  const source = new TlsSource(files.options);
  const { identity } = source;
  expect(source.refresh()).toBe(identity);

  files.install(second);
  expect(source.identity).toBe(identity);
  const successor = source.refresh();

  expect(successor).not.toBe(identity);
  expect(identity.replaced).toBe(true);
  expect(successor.replaced).toBe(false);
  expect(source.refresh()).toBe(successor);
});

test('files that were touched, or written anew as they were, keep the identity', () => {
  const files = createTlsFiles(authority.ca, first);
  const source = new TlsSource(files.options);
  const { identity } = source;

  files.install({ ca: authority.ca, ...first });

  expect(source.refresh()).toBe(identity);
  expect(source.reload()).toBe(false);
  expect(identity.replaced).toBe(false);
});

test('several files of authorities are trusted together', () => {
  const other = createAuthority('other');
  const files = createTlsFiles(authority.ca, first);
  const more = createTlsFiles(other.ca, first);
  const caFile = [files.options.caFile, more.options.caFile];
  const source = new TlsSource({ ...files.options, caFile });
  more.install({ ca: `${other.ca}${authority.ca}` });
  expect(source.reload()).toBe(true);
});

describe('files that cannot be used', () => {
  test.each<[string, 'caFile' | 'certFile' | 'keyFile', string]>([
    ['an empty CA file', 'caFile', ''],
    ['a CA file of something else', 'caFile', 'garbage'],
    ['a CA file that was cut', 'caFile', authority.ca.slice(0, -30)],
    ['a bundle whose last certificate was cut', 'caFile', authority.ca + authority.ca.slice(0, 99)],
    [
      'a certificate that is not one',
      'caFile',
      authority.ca.replace(/[A-Za-z]{20}/, 'A'.repeat(20)),
    ],
    ['an empty certificate file', 'certFile', ''],
    ['a key in place of the certificate', 'certFile', first.key],
    ['a certificate of another key', 'certFile', second.cert],
    ['an empty key file', 'keyFile', ''],
    ['the key of another certificate', 'keyFile', second.key],
  ])('%s: the old identity stays, and comes back to nothing lost', async (...given) => {
    const [, option, content] = given;
    const warned = warnings();
    const files = createTlsFiles(authority.ca, first);
    const source = new TlsSource(files.options);
    const { identity } = source;
    writeFileSync(files.options[option], content);

    const error = (() => {
      try {
        return source.reload();
      } catch (thrown) {
        return thrown;
      }
    })();

    expect(error).toBeInstanceOf(OptionsError);
    expect((error as OptionsError).option).toMatch(/^tls/);
    expect(source.identity).toBe(identity);
    expect(source.refresh()).toBe(identity);
    expect(identity.replaced).toBe(false);
    await turn();
    // That reading was asked for, and has told.
    expect(warned).toEqual([]);
    files.install({ ca: authority.ca, ...second });
    expect(source.refresh()).not.toBe(identity);
  });

  test('found by a refresh are told once, as a warning', async () => {
    const warned = warnings();
    const files = createTlsFiles(authority.ca, first);
    const source = new TlsSource(files.options);
    const { identity } = source;

    rmSync(files.options.keyFile);
    for (let dial = 0; dial < 3; dial++) expect(source.refresh()).toBe(identity);
    await turn();
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain(files.options.keyFile);
    expect(warned[0]).toContain('The identity of before stays in use.');

    // The certificate first, the key a moment later: in between they do not fit.
    files.install({ cert: second.cert });
    expect(source.refresh()).toBe(identity);
    files.install({ key: second.key });
    expect(source.refresh()).not.toBe(identity);
    await turn();
    expect(warned).toHaveLength(2);
  });

  test('are an OptionsError from the start, which names the file but shows nothing of a key', () => {
    const files = createTlsFiles(authority.ca, first);
    writeFileSync(files.options.keyFile, 'SECRET');
    expect(() => new TlsSource(files.options)).toThrow(OptionsError);
    expect(() => new TlsSource(files.options)).not.toThrow(/SECRET/);
    rmSync(files.options.certFile);
    expect(() => new TlsSource(files.options)).toThrow(
      expect.objectContaining({
        option: 'tls.certFile',
        value: files.options.certFile,
        cause: expect.objectContaining({ code: 'ENOENT' }) as unknown,
      }),
    );
    expect(() => new TlsSource(files.options, 'connOpts.proxy.tls')).toThrow(
      /connOpts\.proxy\.tls/,
    );
  });
});
