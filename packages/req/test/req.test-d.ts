import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { Req } from '../src/index.ts';

declare const req: Req;
const user = z.object({ name: z.string(), born: z.coerce.date() });

test('a schema types the body', () => {
  expectTypeOf(req.get('/', { decode: user }).then(({ body }) => body)).resolves.toEqualTypeOf<{
    name: string;
    born: Date;
  }>();
});

test('the body is unknown where the server decides', () => {
  expectTypeOf(req.get('/').then(({ body }) => body)).resolves.toBeUnknown();
  expectTypeOf(req.get('/', { decode: 'json' }).then(({ body }) => body)).resolves.toBeUnknown();
  const returned = req.get('/', { decode: user, httpErrors: 'return' }).then(({ body }) => body);
  expectTypeOf(returned).resolves.toBeUnknown();
});

test('text and bytes are what was asked for', () => {
  expectTypeOf(req.get('/', { decode: 'text' }).then(({ body }) => body)).resolves.toBeString();
  const bytes = req.post('/', { decode: 'bytes', json: {} }).then(({ body }) => body);
  expectTypeOf(bytes).resolves.toEqualTypeOf<Uint8Array>();
  const either = req.get('/', { decode: 'text' as 'text' | 'bytes' }).then(({ body }) => body);
  expectTypeOf(either).resolves.toBeUnknown();
  const raw = req.get('/', { decode: 'text', raw: true }).then(({ body }) => body);
  expectTypeOf(raw).resolves.toBeUnknown();
});

test('a stream is pieces', () => {
  const { body } = {} as Awaited<ReturnType<typeof stream>>;
  expectTypeOf(body).toEqualTypeOf<AsyncIterable<Uint8Array>>();
});
const stream = () => req.get('/', { into: 'stream' });

test('what is no option does not compile', () => {
  // @ts-expect-error a misspelt option
  void req.get('/', { redirct: true });
  // @ts-expect-error a value of another type
  void Req.new({ retry: 'always' });
  // @ts-expect-error the method is that of the function
  void req.get('/', { method: 'POST' });
});
