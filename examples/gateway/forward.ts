/** Hands a request on to a service, and its response back. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFinchError } from '@linnet/finch';
import { CircuitOpenError, isReqError, type Req } from '@linnet/req';

/** The headers that go on to the service, and those that come back. Others are between two neighbours. */
const asked = ['accept', 'accept-language', 'authorization', 'content-length', 'content-type'];
const answered = ['age', 'cache-control', 'content-length', 'content-type', 'location', 'vary'];

/** Answers always: with what the service said, or with 502, 503 or 504 when it said nothing. */
export async function forward(
  service: Req,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const hasBody = 'content-length' in request.headers || 'transfer-encoding' in request.headers;
  const abandoned = new AbortController();
  response.once('close', () => abandoned.abort());
  try {
    const { status, headers, body } = await service.request(url, {
      method,
      headers: asked.map((name) => [name, request.headers[name] ?? []] as const),
      // Not the request itself: to give that up would end the connection, and with it the answer.
      ...(hasBody ? { body: request.iterator({ destroyOnReturn: false }) } : undefined),
      decode: 'bytes',
      signal: abandoned.signal,
    });
    const fields = answered.map((name) => [name, headers.getAll(name)] as const);
    response.writeHead(
      status,
      Object.fromEntries(fields.filter(([, values]) => values.length > 0)),
    );
    response.end(body);
  } catch (error) {
    refuse(response, error);
  }
}

/** Says what went wrong by a status, and by the code of the error. */
function refuse(response: ServerResponse, error: unknown): void {
  const code = isReqError(error) || isFinchError(error) ? error.code : 'ERR_GATEWAY';
  if (error instanceof CircuitOpenError) {
    response.setHeader('retry-after', Math.ceil(error.retryAfter / 1000));
  }
  response.writeHead(statuses.get(code) ?? 502, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: code }));
}

const statuses: ReadonlyMap<string, number> = new Map([
  ['ERR_REQ_CIRCUIT_OPEN', 503],
  ['ERR_FINCH_QUEUE_FULL', 503],
  ['ERR_FINCH_POOL_TIMEOUT', 503],
  ['ERR_REQ_TIMEOUT', 504],
  ['ERR_FINCH_RECEIVE_TIMEOUT', 504],
]);
