/** Checks a value by a Standard Schema, whichever library made it. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DecodeIssue } from '../errors/index.ts';

/** The value as the schema gives it, or what is wrong with it. */
export async function check(
  schema: StandardSchemaV1,
  value: unknown,
): Promise<{ readonly value: unknown } | readonly DecodeIssue[]> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return { value: result.value };
  return result.issues.map(({ message, path }) => ({
    message,
    path: (path ?? []).map((part) => (typeof part === 'object' ? part.key : part)),
  }));
}
