import { expect, test } from 'vitest';
import { instanceSchema, poolSchema, renderOptions } from '../../src/options/index.ts';

test('renders a row for each option, with default and unit', () => {
  const lines = renderOptions(poolSchema).split('\n');
  expect(lines[0]).toBe('| Option | Type | Default | Unit | Meaning |');
  expect(lines).toContain(
    '| `size` | integer | `50` | connections | The cap on open connections, for each shard. |',
  );
  expect(lines.some((line) => line.startsWith("| `protocols` | list of 'http1' \\| 'http2'"))).toBe(
    true,
  );
});

test('renders nested options under their path', () => {
  const text = renderOptions(poolSchema);
  expect(text).toContain("| `connOpts.connectTimeout` | integer or 'infinity' | `5000` | ms |");
  expect(text).toContain('| `connOpts.tls.passphrase` | string |  |  |');
});

test('says which options are required and words the defaults that are no values', () => {
  const text = renderOptions(instanceSchema);
  expect(text).toContain('| `name` | string | required |');
  expect(text).toContain('| `default` with the defaults |');
});
