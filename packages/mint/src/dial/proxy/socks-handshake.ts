/**
 * What is said to a SOCKS5 proxy to have it open a tunnel (RFC 1928, 1929), without I/O: a greeting,
 * credentials if it wants them, the request, and its reply.
 */
import { isIP } from 'node:net';
import type { ProxyErrorReason } from '../../errors/index.ts';

export interface SocksRequest {
  /** The server: a name of at most 255 bytes, or an address. */
  readonly host: string;
  readonly port: number;
  /** Offered unless both are empty; at most 255 bytes each. */
  readonly username: string;
  readonly password: string;
}

/** Why there is no tunnel. */
export interface SocksFailure {
  readonly reason: ProxyErrorReason;
  readonly detail?: string;
}

const version = 5;
const credentialsVersion = 1;
const connectCommand = 1;
const method = { none: 0, credentials: 2, unacceptable: 0xff };
const addressType = { ipv4: 1, name: 3, ipv6: 4 };
const portSize = 2;

/** What the reply codes 1 to 8 stand for. */
const refusals = [
  'Failure',
  'NotAllowed',
  'NetworkUnreachable',
  'HostUnreachable',
  'ConnectionRefused',
  'TTLExpired',
  'CommandNotSupported',
  'AddressNotSupported',
];

/** The answer that is awaited; a reply comes in three parts, each of which says how long the next is. */
type Awaited = 'method' | 'credentials' | 'reply' | 'address' | 'rest' | 'nothing';

/** Its steps: send `greeting`, then give each answer to `take` and send what that returns, until `isOpen`. */
export class SocksHandshake {
  /** How many bytes the next answer has. */
  needs = 2;
  private readonly request: SocksRequest;
  private awaited: Awaited = 'method';
  private failed: SocksFailure | undefined = undefined;

  constructor(request: SocksRequest) {
    this.request = request;
  }

  /** The tunnel is open: what comes next is the server's. */
  get isOpen(): boolean {
    return this.awaited === 'nothing' && this.failed === undefined;
  }

  /** Set once there will be no tunnel. */
  get failure(): SocksFailure | undefined {
    return this.failed;
  }

  /** What is sent first: the methods of authentication that are offered. */
  greeting(): Buffer {
    const methods = this.hasCredentials ? [method.none, method.credentials] : [method.none];
    return Buffer.from([version, methods.length, ...methods]);
  }

  /** Takes an answer, which has `needs` bytes; returns what is sent next, if anything is. */
  take(answer: Buffer): Buffer | undefined {
    const [first = 0, second = 0] = answer;
    switch (this.awaited) {
      case 'method':
        return first === version ? this.chosen(second) : this.fails(`version ${first}`);
      case 'credentials':
        // Servers are known to send another version here; only the status matters.
        return second === 0 ? this.asks() : this.fails(undefined, 'authentication_failed');
      case 'reply':
        if (first !== version) return this.fails(`version ${first}`);
        if (second !== 0) return this.fails(refusals[second - 1] ?? `reply ${second}`, 'refused');
        // A reserved byte, the type of the address, and its first byte.
        return this.awaits('address', 3);
      case 'address':
        return this.addressed(second, answer[2] ?? 0);
      case 'rest':
      case 'nothing':
        return this.awaits('nothing', 0);
    }
  }

  private get hasCredentials(): boolean {
    return this.request.username !== '' || this.request.password !== '';
  }

  private chosen(code: number): Buffer | undefined {
    const { hasCredentials } = this;
    if (code === method.none) return this.asks();
    if (code === method.unacceptable) {
      const reason = hasCredentials ? 'authentication_failed' : 'authentication_required';
      return this.fails(undefined, reason);
    }
    if (code !== method.credentials || !hasCredentials) return this.fails(`method ${code}`);
    this.awaits('credentials', 2);
    const { username, password } = this.request;
    return Buffer.concat([Buffer.of(credentialsVersion), text(username), text(password)]);
  }

  private asks(): Buffer {
    this.awaits('reply', 2);
    const { host, port } = this.request;
    const head = Buffer.of(version, connectCommand, 0);
    return Buffer.concat([head, addressOf(host), Buffer.of(port >>> 8, port & 0xff)]);
  }

  private addressed(type: number, first: number): undefined {
    switch (type) {
      case addressType.ipv4:
        return this.awaits('rest', 3 + portSize);
      case addressType.ipv6:
        return this.awaits('rest', 15 + portSize);
      case addressType.name:
        return this.awaits('rest', first + portSize);
      default:
        return this.fails(`address type ${type}`);
    }
  }

  private awaits(next: Awaited, needs: number): undefined {
    this.awaited = next;
    this.needs = needs;
  }

  private fails(detail: string | undefined, reason: ProxyErrorReason = 'bad_answer'): undefined {
    this.failed = { reason, ...(detail === undefined ? undefined : { detail }) };
    return this.awaits('nothing', 0);
  }
}

/** A length, and so many bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function addressOf(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return Buffer.from([addressType.ipv4, ...host.split('.').map(Number)]);
    case 6:
      return Buffer.concat([Buffer.of(addressType.ipv6), ipv6Bytes(host)]);
    default:
      return Buffer.concat([Buffer.of(addressType.name), text(host)]);
  }
}

/** Without the zone, which is this host's. */
function ipv6Bytes(address: string): Buffer {
  const [bare = ''] = address.split('%');
  // WHATWG writes all of it in hexadecimal groups, also what ends in an IPv4 address.
  const { hostname } = new URL(`http://[${bare}]`);
  const [left = [], right = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''));
  const bytes = Buffer.alloc(16);
  left.forEach((group, index) => bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index));
  right.forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 16 - 2 * (right.length - index));
  });
  return bytes;
}
