/** The values that the instance's limits are set to while it runs. */
import { duration, type Duration, integer, limit, type Limit, required } from '@linnet/otp/options';
import { defineSchema } from './schema.ts';

const maxConnectionsSchema = defineSchema('arguments of setMaxConnections', {
  maxConnections: required(
    limit({ min: 1, unit: 'connections', doc: 'The cap over all pools of the instance.' }),
  ),
});

const idleTimeSchema = defineSchema('arguments of setTimeout', {
  timeout: required(duration({ doc: 'How long a connection stays idle before it is closed.' })),
});

const prewarmSchema = defineSchema('arguments of prewarm', {
  count: integer({ min: 1, unit: 'connections', doc: 'How many connections are to be idle.' }),
});

/** @throws OptionsError */
export function checkMaxConnections(maxConnections: Limit): void {
  maxConnectionsSchema.parse({ maxConnections });
}

/** @throws OptionsError */
export function checkIdleTime(timeout: Duration): void {
  idleTimeSchema.parse({ timeout });
}

/** @throws OptionsError */
export function checkPrewarmCount(count: number | undefined): void {
  prewarmSchema.parse({ count });
}
