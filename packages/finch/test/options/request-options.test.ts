import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../src/index.ts';
import type { RequestOptions } from '../../src/index.ts';
import { readCheckoutOptions, readRequestOptions } from '../../src/options/index.ts';

describe('request options', () => {
  test('have the documented defaults', () => {
    expect(readRequestOptions()).toEqual({
      poolTimeout: 5000,
      connectTimeout: undefined,
      receiveTimeout: 15_000,
      requestTimeout: 'infinity',
      signal: undefined,
      poolStrategy: undefined,
      retry: true,
    });
  });

  test('without options are the same frozen object each time', () => {
    expect(readRequestOptions()).toBe(readRequestOptions(undefined));
    expect(Object.isFrozen(readRequestOptions())).toBe(true);
  });

  test('keep what is given', () => {
    const { signal } = new AbortController();
    const options = readRequestOptions({
      poolTimeout: 0,
      requestTimeout: 100,
      signal,
      retry: false,
    });
    expect(options).toMatchObject({ poolTimeout: 0, requestTimeout: 100, retry: false });
    expect(options.signal).toBe(signal);
    expect(options.receiveTimeout).toBe(15_000);
    expect(readRequestOptions().poolTimeout).toBe(5000);
  });

  test('[F33] reject an unknown option', () => {
    const options = { unknownOption: 1 } as RequestOptions;
    expect(() => readRequestOptions(options)).toThrow(
      expect.objectContaining({ code: 'ERR_FINCH_OPTIONS', option: 'unknownOption' }),
    );
  });

  test('ask for the right name of a foreign one', () => {
    const options = { receive_timeout: 1 } as RequestOptions;
    expect(() => readRequestOptions(options)).toThrow('Did you mean receiveTimeout?');
  });

  test.each([
    ['poolTimeout', -1],
    ['receiveTimeout', 1.5],
    ['requestTimeout', '5s'],
    ['connectTimeout', null],
    ['signal', {}],
    ['retry', 1],
    ['poolStrategy', 'none'],
  ])('reject %s: %j', (option, value) => {
    expect(() => readRequestOptions({ [option]: value })).toThrow(OptionsError);
  });
});

describe('checkout options', () => {
  test('have the documented defaults', () => {
    expect(readCheckoutOptions()).toEqual({
      checkoutTimeout: 8000,
      connectTimeout: undefined,
      signal: undefined,
      poolStrategy: undefined,
    });
    expect(readCheckoutOptions({ checkoutTimeout: 'infinity' }).checkoutTimeout).toBe('infinity');
  });
});
