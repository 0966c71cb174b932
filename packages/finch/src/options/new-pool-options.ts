/** The options of `Pool.new`. */
import { type InputOf, string } from '@linnet/otp/options';
import { allowedTag, isTag } from '../identity/index.ts';
import { defineSchema } from './schema.ts';

const newPoolSchema = defineSchema('options of Pool.new', {
  tag: string({
    doc: 'Tells pools of the same server apart.',
    defaultText: "`'default'`",
    allowed: allowedTag,
    accepts: isTag,
  }),
});

/** The options of `Pool.new`, as a caller gives them. */
export type NewPoolOptions = InputOf<(typeof newPoolSchema)['fields']>;

/**
 * Validates the options of `Pool.new`.
 *
 * @throws OptionsError
 */
export function parseNewPoolOptions(options?: NewPoolOptions): {
  readonly tag: string | undefined;
} {
  return newPoolSchema.parse(options);
}
