/** Which pool a request of node:http is for, and whether that can serve it. */
import { InvalidRequestError } from '../../errors/index.ts';
import { bracketed, poolFrom, type PoolIdentity, type Scheme } from '../../identity/index.ts';

/** What node:http tells an agent of a request, as far as it concerns the connection. */
export interface AgentRequest {
  readonly host?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly socketPath?: string | undefined;
}

/** Options of one request that only a connection of its own could meet. */
const ofConnection = ['family', 'localAddress', 'lookup'] as const;

/** The same of TLS. */
const ofTls = [
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'key',
  'maxVersion',
  'minVersion',
  'passphrase',
  'pfx',
  'rejectUnauthorized',
  'secureContext',
  'secureProtocol',
] as const;

/** The pool of a request. @throws InvalidRequestError, OptionsError */
export function poolOf(scheme: Scheme, tag: string, request: AgentRequest): PoolIdentity {
  refuse(ofConnection, request);
  if (scheme === 'https') refuse(ofTls, request);
  const { socketPath: unixSocket } = request;
  const port = Number(request.port ?? (scheme === 'https' ? 443 : 80));
  const host = request.host ?? request.hostname ?? 'localhost';
  return poolFrom({
    scheme,
    // As node:http has it, an address of IPv6 stands without brackets.
    host: host.startsWith('[') ? host : bracketed(host),
    port,
    tag,
    ...(unixSocket === undefined ? undefined : { unixSocket }),
  });
}

function refuse(options: readonly string[], request: object): void {
  const given = request as Readonly<Record<string, unknown>>;
  const option = options.find((name) => isSet(name, given[name]));
  if (option === undefined) return;
  throw new InvalidRequestError({
    option,
    value: given[option],
    secret: true,
    problem: `The request has the option ${option}, but its connection is one of a pool, which others use as well`,
    allowed: 'that option among those of the pool: connOpts, or connOpts.tls',
  });
}

/** Clients spell out options that say what holds anyway. */
function isSet(option: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return false;
  if (option === 'rejectUnauthorized') return value === false;
  const { checkServerIdentity } = process.getBuiltinModule('node:tls');
  return option !== 'checkServerIdentity' || value !== checkServerIdentity;
}
