import { expect, test } from 'vitest';
import { QuicUnavailableError } from '../../src/index.ts';
import { QuicLoader } from '../../src/quic/load.ts';

const quiche = { Config: {}, Connection: {}, Shutdown: {} };

test('QUIC is loaded once', async () => {
  const asked: string[] = [];
  const loader = new QuicLoader(async (specifier) => {
    asked.push(specifier);
    return { native: { quiche } };
  });
  expect(await Promise.all([loader.load(), loader.load()])).toHaveLength(2);
  expect(await loader.isAvailable()).toBe(true);
  expect(asked).toEqual(['@matrixai/quic']);
});

test('an absent package is told by what to install, and looked for again the next time', async () => {
  let isInstalled = false;
  const cause = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  const loader = new QuicLoader(() =>
    isInstalled ? Promise.resolve({ native: { quiche } }) : Promise.reject(cause),
  );
  expect(await loader.isAvailable()).toBe(false);
  const error = await loader.load().catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(QuicUnavailableError);
  expect(error).toMatchObject({
    code: 'ERR_MINT_QUIC_UNAVAILABLE',
    packageName: '@matrixai/quic',
    cause,
  });
  expect(String(error)).toContain('npm install @matrixai/quic');
  isInstalled = true;
  expect(await loader.isAvailable()).toBe(true);
});

test.each([[{}], [{ native: {} }], [{ native: { quiche: { Config: {} } } }]])(
  'a package of another shape is as good as none: %o',
  async (module) => {
    const loader = new QuicLoader(() => Promise.resolve(module));
    await expect(loader.load()).rejects.toThrow(QuicUnavailableError);
  },
);
