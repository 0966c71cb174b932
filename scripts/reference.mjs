/**
 * Writes docs/reference/options.md from the schemas by which options are checked.
 *
 *     npm run reference              # writes the page
 *     npm run reference -- --check   # fails when it is out of date
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  buildSchema,
  checkoutSchema,
  instanceSchema,
  pingSchema,
  poolChildSchema,
  poolSchema,
  renderOptions,
  requestSchema,
  stopPoolSchema,
} from '../packages/finch/src/options/index.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const path = 'docs/reference/options.md';
const file = join(import.meta.dirname, '..', path);

const { finch, pool } = poolChildSchema.fields;

/** @type {[title: string, text: string, schema: Parameters<typeof renderOptions>[0]][]} */
const sections = [
  [
    'Instance',
    'Of `Finch.startLink(options)` and `Finch.childSpec(options)`; the type is `InstanceOptions`.',
    instanceSchema,
  ],
  [
    'Pool',
    'Of each entry of `pools`, of `finch.startPool(pool, options)` and of `Pool.childSpec(options)`; ' +
      'the type is `PoolOptions`.',
    poolSchema,
  ],
  [
    'Pool of your own',
    'What `Pool.childSpec(options)` takes beside the options of a pool; the type is `PoolChildOptions`.',
    { ...poolChildSchema, fields: { finch, pool } },
  ],
  [
    'Request',
    'Of `finch.request`, `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, `open`, `stream`, ' +
      '`streamWhile`, `asyncRequest` and `lease.request`; the type is `RequestOptions`. The functions ' +
      'by method also take those of `Finch.build`, and `headers` and `body`.',
    requestSchema,
  ],
  [
    'Build',
    'Of `Finch.build(method, url, headers, body, options)`; the type is `BuildOptions`.',
    buildSchema,
  ],
  [
    'Checkout',
    'Of `finch.checkout(pool, options)`; the type is `CheckoutOptions`.',
    checkoutSchema,
  ],
  ['Ping', 'Of `finch.ping(pool, options)`; the type is `PingOptions`.', pingSchema],
  ['Stop', 'Of `finch.stopPool(pool, options)`; the type is `StopPoolOptions`.', stopPoolSchema],
];

const page = `# Options

<!-- Written by scripts/reference.mjs from the schemas that check the options: npm run reference -->

Every option of the client, as it is checked. Times are in ms; where a time or a limit may be
\`'infinity'\`, that turns it off. An option that is unknown, of the wrong type or out of its range is an
[\`OptionsError\`](errors.md), which names it, before anything is opened. Nested options are
written with a dot: \`connOpts.tls.ca\` is \`{ connOpts: { tls: { ca } } }\`.

${sections.map(([title, text, schema]) => `## ${title}\n\n${text}\n\n${renderOptions(schema)}`).join('\n')}`;

if (!values.check) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page);
} else if (contentOf(file) !== page) {
  console.error(`${path} is out of date: npm run reference`);
  process.exitCode = 1;
}

/**
 * @param {string} name
 * @returns {string} empty when there is no such file yet
 */
function contentOf(name) {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return '';
  }
}
