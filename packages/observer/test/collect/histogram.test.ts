import { expect, test } from 'vitest';
import { Histogram } from '../../src/collect/histogram.ts';

test('tells percentiles within 4 %, from microseconds to minutes, and begins anew', () => {
  for (const scale of [0.05, 1, 7.3, 400, 60_000]) {
    const histogram = new Histogram();
    for (let i = 1; i <= 1000; i++) histogram.add((scale * i) / 500);
    const { p50 = 0, p99 = 0 } = histogram.take() ?? {};
    expect(Math.abs(p50 - scale) / scale).toBeLessThan(0.1 / scale > 0.5 ? 0.2 : 0.04);
    expect(Math.abs(p99 - scale * 1.98) / scale).toBeLessThan(0.1);
    expect(histogram.take()).toBeUndefined();
  }
});

test.each([0, 0.000_1, 0.0155, 2 ** 31, Number.POSITIVE_INFINITY])('takes %s ms', (ms) => {
  const histogram = new Histogram();
  histogram.add(ms);
  expect(histogram.take()?.p50).toBeGreaterThanOrEqual(0);
});

test('one slow request of a hundred is the p99, not the p50', () => {
  const histogram = new Histogram();
  for (let i = 0; i < 98; i++) histogram.add(1);
  histogram.add(900);
  histogram.add(900);
  const { p50 = 0, p99 = 0 } = histogram.take() ?? {};
  expect(p50).toBeLessThan(1.1);
  expect(p99).toBeGreaterThan(850);
});
