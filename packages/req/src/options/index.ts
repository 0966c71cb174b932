/** The options of a client and of a call: checked, typed and documented by one schema. */
export {
  mergeOptions,
  parseOptions,
  reqSchema,
  resolveOptions,
  type GivenOptions,
  type ReqOptions,
  type ResolvedOptions,
} from './req-options.ts';
export type { Duration } from '@linnet/otp/options';
export { defineSchema } from './schema.ts';
export {
  isCredentials,
  machinesOnly,
  type Auth,
  type AuthContext,
  type AuthFunction,
  type Credentials,
} from './auth.ts';
export type { BaseUrl } from './url-options.ts';
export type { Coding } from './body-options.ts';
export type { MultipartInput, Part, PartInput, PartValue, PartWithDetails } from './multipart.ts';
export type { ParamsInput, ParamValue } from './params.ts';
export {
  isSchema,
  type Decode,
  type Into,
  type IntoFunction,
  type Progress,
  type ResponseHead,
} from './response-options.ts';
export {
  breakerSchema,
  budgetSchema,
  hedgeSchema,
  outlierSchema,
  rateLimitSchema,
  type BreakerSettings,
  type BudgetSettings,
  type OutlierSettings,
  type RateLimitSettings,
  type RetryContext,
  type RetryFunction,
  type RetryRule,
} from './resilience-options.ts';
