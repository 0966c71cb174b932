/** The schemas of the options: what they refuse is an `OptionsError`. */
import { schemaDefiner } from '@linnet/otp/options';
import { OptionsError } from '../errors/input-errors.ts';

export const defineSchema = schemaDefiner((problem) => new OptionsError(problem));
