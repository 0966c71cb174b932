/**
 * A program in which the package with QUIC cannot be loaded, as where it is not installed. It talks to
 * a server that announces HTTP/3, and prints what came of it.
 */
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '@linnet/mint/testing';
import { Finch, isFinchError } from '../../src/index.ts';

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier !== '@matrixai/quic') return next(specifier, context);
    throw new Error(`Cannot find package '${specifier}'`);
  },
});

const warnings: string[] = [];
process.on('warning', (warning) => {
  const { code } = warning as Error & { readonly code?: string };
  if (code?.startsWith('LINNET_') === true) warnings.push(`${code}: ${warning.message}`);
});

const authority = createAuthority();
const server = createSecureServer(authority.issue(['localhost']), (_request, response) => {
  response.setHeader('alt-svc', 'h3=":443"');
  response.end('TCP');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `https://localhost:${(server.address() as AddressInfo).port}`;
const connOpts = { tls: { ca: authority.ca } };

const finch = await Finch.startLink({
  name: 'WithoutQuic',
  pools: { default: { protocols: ['http3', 'http2'], connOpts } },
});
const answers: string[] = [];
for (let count = 0; count < 5; count++) answers.push((await finch.get(url)).text());
// A pool of its own, which hears of HTTP/3, too.
answers.push((await finch.get(url, { poolTag: 'other' })).text());

await finch.startPool(`${url}#alone`, { protocols: ['http3'], connOpts });
const error: unknown = await finch.get(url, { poolTag: 'alone' }).catch((cause: unknown) => cause);
console.log(
  JSON.stringify({
    answers,
    warnings,
    error: isFinchError(error) ? error.toJSON() : String(error),
  }),
);
await finch.stop();
server.close();
