/** The page of the options of @linnet/req, from the schemas by which they are checked. */
import { renderOptions } from '@linnet/otp/options';
import {
  breakerSchema,
  budgetSchema,
  hedgeSchema,
  outlierSchema,
  rateLimitSchema,
  reqSchema,
} from '../../packages/req/src/options/index.ts';
import { eventSchema, pageSchema, webSocketSchema } from '../../packages/req/src/stream-options.ts';

interface Section {
  readonly title: string;
  readonly text: string;
  readonly schema: Parameters<typeof renderOptions>[0];
}

const sections: readonly Section[] = [
  {
    title: 'Client and call',
    text: 'Of `Req.new(options)`, `req.merge(options)` and every call: `ReqOptions`. `req.request` and `Req.request` also take `method`.',
    schema: reqSchema,
  },
  { title: 'Retry budget', text: 'Of the option `retryBudget`.', schema: budgetSchema },
  { title: 'Circuit breaker', text: 'Of the option `breaker`.', schema: breakerSchema },
  {
    title: 'Outlier',
    text: 'Of the option `outlier`, for a list of `baseUrl`.',
    schema: outlierSchema,
  },
  { title: 'Rate limit', text: 'Of the option `rateLimit`.', schema: rateLimitSchema },
  { title: 'Hedged requests', text: 'Of the option `hedge`.', schema: hedgeSchema },
  { title: 'Pages', text: 'What `req.paginate` takes beside: `PageSettings`.', schema: pageSchema },
  {
    title: 'Events',
    text: 'What `req.events` takes beside: `EventSettings`.',
    schema: eventSchema,
  },
  {
    title: 'WebSocket',
    text: 'What `req.webSocket` takes beside: `WebSocketSettings`.',
    schema: webSocketSchema,
  },
];

export const reqOptionsPath = 'docs/reference/req-options.md';

const placeOf = (title: string): string =>
  `../req-options.md#${title.toLowerCase().replaceAll(' ', '-')}`;

/** Where a type of options is described, seen from the pages of the API. */
export const reqOptionTypes: ReadonlyMap<string, string> = new Map([
  ['ReqOptions', placeOf('Client and call')],
  ['PageSettings', placeOf('Pages')],
  ['EventSettings', placeOf('Events')],
  ['WebSocketSettings', placeOf('WebSocket')],
]);

/** The page as Markdown. */
export function reqOptionsPage(): string {
  const text = sections.map(
    ({ title, text: about, schema }) => `## ${title}\n\n${about}\n\n${renderOptions(schema)}`,
  );
  return `# Options of Req

<!-- Written by scripts/reference.mjs from the schemas that check the options: npm run reference -->

Every option of \`@linnet/req\`, as it is checked. Times are in ms. An option that is unknown, of the wrong type
or out of range is a \`ReqOptionsError\`, which says what was meant. Options of a call replace those of the
client; \`headers\`, \`params\` and \`pathParams\` are merged by their names.

${text.join('\n')}`;
}
