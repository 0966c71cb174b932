/** All examples of doc comments, with what those of each package may use. */
import { join } from 'node:path';
import {
  examplesOf,
  exportsOf,
  indexes,
  reachable,
  valuesFrom,
  type Example,
} from './doc-examples.ts';

const root = join(import.meta.dirname, '../..');

const packages = indexes(root);
const scopeOf = (specifier: string) => exportsOf(packages.get(specifier) ?? '', specifier);
const otp = ['@linnet/otp', '@linnet/otp/testing', '@linnet/otp/options'];
const otpScopes = otp.map(scopeOf);
const mint = [scopeOf('@linnet/mint'), scopeOf('@linnet/mint/testing')];
const cluster = ['@linnet/cluster', '@linnet/cluster/finch', '@linnet/cluster/nats'];
const finch = [...packages.keys()].filter((name) => name.startsWith('@linnet/finch'));
const elsewhere = [
  valuesFrom('vitest', 'expect', 'onTestFinished', 'test'),
  valuesFrom('xstate', 'createMachine', 'sendTo', 'setup'),
  valuesFrom('node:fs', 'readFileSync'),
  valuesFrom('node:net', 'Socket'),
  valuesFrom('node:tls', 'TLSSocket'),
];
const prelude = (name: string) => exportsOf(join(import.meta.dirname, `prelude-${name}.ts`));

const sources = (...specifiers: readonly string[]) =>
  reachable(specifiers.map((specifier) => packages.get(specifier) ?? ''));
export const examples: readonly Example[] = [
  ...sources(...otp).flatMap((source) =>
    examplesOf(source, [...otpScopes, prelude('otp'), ...elsewhere]),
  ),
  ...sources('@linnet/mint', '@linnet/mint/testing').flatMap((source) =>
    examplesOf(source, [...mint, prelude('mint'), ...elsewhere]),
  ),
  ...sources(...finch).flatMap((source) =>
    examplesOf(source, [...finch.map(scopeOf), ...otpScopes, prelude('finch'), ...elsewhere]),
  ),
  ...sources(...cluster).flatMap((source) =>
    examplesOf(source, [
      ...cluster.map(scopeOf),
      scopeOf('@linnet/finch'),
      ...otpScopes,
      prelude('cluster'),
      ...elsewhere,
    ]),
  ),
  ...sources('@linnet/observer').flatMap((source) =>
    examplesOf(source, [scopeOf('@linnet/observer'), ...otpScopes, ...elsewhere]),
  ),
  ...sources('@linnet/req').flatMap((source) =>
    examplesOf(source, [scopeOf('@linnet/req'), ...otpScopes, prelude('req'), ...elsewhere]),
  ),
];
