/**
 * From a URL and a user's options to what is dialled over QUIC.
 */
import { authorityOf } from '../authority.ts';
import { connectRules } from '../connect-options.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { checkOptions, invalidOption } from '../option-rules.ts';
import { refuse, serverOf } from '../server-url.ts';
import { identityOf } from '../tls-options.ts';
import { quicUnsupported } from './credentials.ts';
import type { QuicDialOptions, QuicTarget } from './quic-target.ts';

/** All that is known of a QUIC connection before it is dialled. */
export interface QuicPlan {
  /** The `host` of requests: the port only where it is not 443. */
  readonly authority: string;
  readonly target: QuicTarget & { readonly origin: string };
  readonly options: QuicDialOptions;
}

/** Options that mean nothing over QUIC. */
const tcpOnly = ['proxy', 'unixSocket', 'noDelay', 'keepAlive'] as const;

/**
 * Checks URL and options, and makes the plan of them.
 *
 * @throws OptionsError that names the first that cannot be used, and what is allowed.
 *
 * @example
 * const plan = planQuic('https://api.example.com', { protocols: ['http3'] });
 * plan.target.port; // 443
 */
export function planQuic(url: string | URL, given: ConnectOptions = {}): QuicPlan {
  checkOptions(given, connectRules, '');
  const { scheme, host, port, authority } = serverOf(url);
  if (scheme === 'http')
    throw invalidOption('url', url, 'an https URL', 'HTTP/3 is always encrypted');
  refuse(given, tcpOnly, 'nothing with HTTP/3');
  const { tls: wanted, servername, ...rest } = given;
  const tls = identityOf(wanted, 'tls');
  const unsupported = quicUnsupported(tls);
  if (unsupported !== undefined) {
    throw invalidOption(`tls.${unsupported}`, tls.options, 'nothing with HTTP/3');
  }
  const { connectTimeout, signal, clock, localAddress, family, lookup } = rest;
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout, idleTimeout, keepAliveInterval } = rest;
  return {
    authority,
    target: {
      origin: `https://${authorityOf({ host, port })}`,
      host,
      port,
      servername: servername ?? host,
      tls,
    },
    options: {
      connectTimeout,
      signal,
      clock,
      localAddress,
      family,
      lookup,
      autoSelectFamily,
      autoSelectFamilyAttemptTimeout,
      idleTimeout,
      keepAliveInterval,
    },
  };
}
