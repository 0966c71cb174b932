/** The options of `finch.agent()`. */
import type { InputOf, OutputOf } from '@linnet/otp/options';
import { buildSchema, checkoutSchema } from '../../options/index.ts';
import { defineSchema } from '../../options/schema.ts';

const { poolTag } = buildSchema.fields;
const { checkoutTimeout, connectTimeout, poolStrategy } = checkoutSchema.fields;

const ofPool = 'It belongs to the pool, which keeps the connections';

export const agentSchema = defineSchema(
  'agent options',
  { poolTag, checkoutTimeout, connectTimeout, poolStrategy },
  undefined,
  {
    keepAlive: ofPool,
    maxSockets: `${ofPool}: size`,
    maxTotalSockets: 'It belongs to the instance: maxConnections',
    maxFreeSockets: `${ofPool}: connMaxIdleTime`,
    scheduling: ofPool,
    timeout: 'It belongs to the request; checkoutTimeout is the time to get a connection',
    rejectUnauthorized: `${ofPool}: connOpts.tls`,
    ca: `${ofPool}: connOpts.tls`,
    cert: `${ofPool}: connOpts.tls`,
    key: `${ofPool}: connOpts.tls`,
    unixSocket: 'It belongs to the request, where it is socketPath',
  },
);

/** The options of `finch.agent()`, as a caller gives them. */
export type AgentOptions = InputOf<(typeof agentSchema)['fields']>;
/** The same, with the defaults. */
export type ResolvedAgentOptions = OutputOf<(typeof agentSchema)['fields']>;
