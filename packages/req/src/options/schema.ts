/** The schemas of the options: what they refuse is a `ReqOptionsError`. */
import { schemaDefiner } from '@linnet/otp/options';
import { ReqOptionsError } from '../errors/index.ts';

export const defineSchema = schemaDefiner((problem) => new ReqOptionsError(problem));
