/** The page of all options, from the schemas by which they are checked. */
import { renderOptions } from '@linnet/otp/options';
import {
  buildSchema,
  checkoutSchema,
  instanceSchema,
  pingSchema,
  poolChildSchema,
  poolSchema,
  requestSchema,
  stopPoolSchema,
} from '../../packages/finch/src/options/index.ts';
import { agentSchema } from '../../packages/finch/src/adapters/node-http/agent-options.ts';
import { dispatcherSchema } from '../../packages/finch/src/adapters/undici/dispatcher-options.ts';

interface Section {
  readonly title: string;
  /** The functions that take these options. */
  readonly text: string;
  readonly type: string;
  readonly schema: Parameters<typeof renderOptions>[0];
}

const { finch, pool } = poolChildSchema.fields;

const sections: readonly Section[] = [
  {
    title: 'Instance',
    text: 'Of `Finch.startLink(options)` and `Finch.childSpec(options)`',
    type: 'InstanceOptions',
    schema: instanceSchema,
  },
  {
    title: 'Pool',
    text: 'Of each entry of `pools`, of `finch.startPool(pool, options)` and of `Pool.childSpec(options)`',
    type: 'PoolOptions',
    schema: poolSchema,
  },
  {
    title: 'Pool of your own',
    text: 'What `Pool.childSpec(options)` takes beside the options of a pool',
    type: 'PoolChildOptions',
    schema: { ...poolChildSchema, fields: { finch, pool } },
  },
  {
    title: 'Request',
    text:
      'Of `finch.request`, `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, `open`, `stream`, ' +
      '`streamWhile`, `asyncRequest` and `lease.request`. The functions by method also take those of ' +
      '`Finch.build`, and `headers` and `body`',
    type: 'RequestOptions',
    schema: requestSchema,
  },
  {
    title: 'Build',
    text: 'Of `Finch.build(method, url, headers, body, options)`',
    type: 'BuildOptions',
    schema: buildSchema,
  },
  {
    title: 'Checkout',
    text: 'Of `finch.checkout(pool, options)`',
    type: 'CheckoutOptions',
    schema: checkoutSchema,
  },
  {
    title: 'Dispatcher',
    text: 'Of `finch.dispatcher(options)`',
    type: 'DispatcherOptions',
    schema: dispatcherSchema,
  },
  {
    title: 'Agent',
    text: 'Of `finch.agent(options)`',
    type: 'AgentOptions',
    schema: agentSchema,
  },
  {
    title: 'Ping',
    text: 'Of `finch.ping(pool, options)`',
    type: 'PingOptions',
    schema: pingSchema,
  },
  {
    title: 'Stop',
    text: 'Of `finch.stopPool(pool, options)`',
    type: 'StopPoolOptions',
    schema: stopPoolSchema,
  },
];

export const optionsPath = 'docs/reference/options.md';

/** Where a type of options is described, seen from the pages of the API. */
export const optionTypes: ReadonlyMap<string, string> = new Map(
  sections.map(({ title, type }) => [
    type,
    `../options.md#${title.toLowerCase().replaceAll(' ', '-')}`,
  ]),
);

/** The page as Markdown. */
export function optionsPage(): string {
  const text = sections.map(
    ({ title, text: who, type, schema }) =>
      `## ${title}\n\n${who}. The type is \`${type}\`.\n\n${renderOptions(schema)}`,
  );
  return `# Options

<!-- Written by scripts/reference.mjs from the schemas that check the options: npm run reference -->

Every option of the client, as it is checked. Times are in ms. Where a time or a limit may be
\`'infinity'\`, that value turns it off. An option that is unknown, of the wrong type or out of range is an
[\`OptionsError\`](errors.md): it names the option, and comes before anything is opened. Nested options are
written with a dot: \`connOpts.tls.ca\` is \`{ connOpts: { tls: { ca } } }\`.

${text.join('\n')}`;
}
