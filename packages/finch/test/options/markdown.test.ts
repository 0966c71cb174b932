import { renderOptions } from '@linnet/otp/options';
import { describe, expect, test } from 'vitest';
import {
  buildSchema,
  checkoutSchema,
  instanceSchema,
  poolChildSchema,
  poolSchema,
  requestSchema,
  stopPoolSchema,
} from '../../src/options/index.ts';

describe('the documentation of options', () => {
  test('has a row for each option, with default and unit', () => {
    const lines = renderOptions(poolSchema).split('\n');
    expect(lines[0]).toBe('| Option | Type | Default | Unit | Meaning |');
    expect(lines).toContain(
      '| `size` | integer | `50` | connections | The cap on open connections, for each shard. |',
    );
    const protocols = lines.find((line) => line.startsWith('| `protocols`'));
    expect(protocols).toContain(
      " list of 'http1' \\| 'http2' \\| 'http3' | `['http2', 'http1']` |",
    );
  });

  test('has nested options under their path', () => {
    const text = renderOptions(poolSchema);
    expect(text).toContain("| `connOpts.connectTimeout` | integer or 'infinity' | `5000` | ms |");
    expect(text).toContain('| `connOpts.tls.passphrase` | string |  |  |');
  });

  test('says which options are required and words the defaults that are no values', () => {
    const text = renderOptions(instanceSchema);
    expect(text).toContain('| `name` | string | required |');
    expect(text).toContain('| `default` with the defaults |');
  });

  const all = [
    buildSchema,
    checkoutSchema,
    instanceSchema,
    poolChildSchema,
    poolSchema,
    requestSchema,
    stopPoolSchema,
  ];
  test.each(all)('says in sentences what each of the $scope does', (schema) => {
    const rows = renderOptions(schema).trimEnd().split('\n').slice(2);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatch(/^\| `[\w.]+` \| .+ \| [A-Z].*\. \|$/);
  });
});
