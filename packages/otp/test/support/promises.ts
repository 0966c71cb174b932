import { runInNewContext } from 'node:vm';

const key = 'then';

function rejected(): Promise<never> {
  const promise = Promise.reject(new Error('rejected'));
  promise.catch(() => {});
  return promise;
}

/** What `await` takes for a promise, each made anew. */
export const promises: Readonly<Record<string, () => PromiseLike<unknown>>> = {
  'a pending promise': () => new Promise(() => {}),
  'a resolved promise': () => Promise.resolve('late'),
  'a rejected promise': rejected,
  'a promise of another realm': () => runInNewContext('Promise.resolve(1)') as Promise<unknown>,
  'an object with then': () =>
    Object.fromEntries(new Map([[key, () => {}]])) as unknown as PromiseLike<unknown>,
};
