/** Sends a request by a Finch instance. */
import {
  Finch,
  InstanceNotFoundError,
  type BuildOptions,
  type Request,
  type RequestOptions,
  type UpgradeResult,
} from '@linnet/finch';
import { NotRunningError } from '../errors/index.ts';
import { finchName } from '../guards/names.ts';
import type { ReqRequest } from '../message/request.ts';
import { ReqResponse } from '../message/response.ts';

/** The adapter of every client that has no other. */
export function sendByFinch(request: ReqRequest): Promise<ReqResponse> {
  return sendWith(request, request.signal);
}

/** The same, with another signal than that of the call. */
export async function sendWith(
  request: ReqRequest,
  signal: AbortSignal | undefined,
): Promise<ReqResponse> {
  const finch = finchOf(request);
  const built = buildFor(request);
  const options = requestOptions(request, signal);
  request.call.sent = true;
  if (request.options.into === undefined) {
    return ReqResponse.collected(await finch.request(built, options), request.url);
  }
  const { status, headers, body } = await finch.open(built, options);
  return ReqResponse.streamed({ status, headers, url: request.url }, body);
}

/** The pool of WebSockets, unless `poolTag` names another: they stay, and would take the places of requests. */
const webSocketPool = 'websocket';

/** Asks for another protocol on the connection. */
export function upgradeByFinch(request: ReqRequest, protocol: string): Promise<UpgradeResult> {
  const { method, url, headers, options, signal } = request;
  const finch = finchOf(request);
  const { poolTag = webSocketPool, unixSocket } = options;
  const built = Finch.build(method, url, headers, null, { poolTag, unixSocket });
  return finch.upgrade(built, protocol, requestOptions(request, signal));
}

/** The instance that is meant. @throws NotRunningError */
function finchOf({ options }: Pick<ReqRequest, 'options'>): Finch {
  const { finch, supervisor } = options;
  if (finch instanceof Finch) return finch;
  const name = finch ?? finchName(supervisor);
  try {
    return Finch.get(name);
  } catch (cause) {
    if (!(cause instanceof InstanceNotFoundError)) throw cause;
    const remedy =
      finch === undefined
        ? 'Put Req.childSpec() into your supervisor, or give the option finch.'
        : 'Put Finch.childSpec({ name }) into your supervisor, before what uses it.';
    throw new NotRunningError({ missing: name, neededBy: 'every request', remedy, cause });
  }
}

function buildFor({ method, url, headers, body, options }: ReqRequest): Request {
  const { poolTag, unixSocket, trailers } = options;
  if (poolTag === undefined && unixSocket === undefined && trailers === undefined) {
    return Finch.build(method, url, headers, body);
  }
  const build: BuildOptions = { poolTag, unixSocket, trailers };
  return Finch.build(method, url, headers, body, build);
}

function requestOptions(
  { options }: ReqRequest,
  signal: AbortSignal | undefined,
): RequestOptions | undefined {
  const { poolTimeout, connectTimeout, receiveTimeout, requestTimeout, poolStrategy } = options;
  const given = [poolTimeout, connectTimeout, receiveTimeout, requestTimeout, poolStrategy, signal];
  if (given.every((each) => each === undefined)) return undefined;
  return { poolTimeout, connectTimeout, receiveTimeout, requestTimeout, poolStrategy, signal };
}
