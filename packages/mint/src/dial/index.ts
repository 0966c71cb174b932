/**
 * Dialling: opens sockets over TCP, unix sockets, TLS and proxies. It knows
 * nothing of requests.
 */
export type { Dial, Dialled, DialLimits, DialTimings, Make } from './attempt.ts';
export { connectRules } from './connect-options.ts';
export type { ConnectOptions, Protocol } from './connect-options.ts';
export { dialPlan, planConnect } from './connect-plan.ts';
export type { ConnectPlan } from './connect-plan.ts';
export { dial } from './dial.ts';
export type { DialOptions } from './dial.ts';
export { checkOptions, invalidOption } from './option-rules.ts';
export type { OptionRule, OptionRules } from './option-rules.ts';
export { environmentProxy } from './proxy/environment.ts';
export type { Environment } from './proxy/environment.ts';
export { NoProxy } from './proxy/no-proxy.ts';
export { dialThrough } from './proxy/proxied-dial.ts';
export type { ThroughProxy } from './proxy/proxied-dial.ts';
export { basicAuthorization, isProxyHeaders } from './proxy/proxy-headers.ts';
export type { ProxyOptions } from './proxy/proxy-options.ts';
export type { ProxiedTarget, ProxyServer } from './proxy/proxy-server.ts';
export { parseProxyUrl } from './proxy/proxy-url.ts';
export type { ProxyAddress, ProxyProtocol } from './proxy/proxy-url.ts';
export { quicUnsupported } from './quic/credentials.ts';
export { dialQuic } from './quic/dial-quic.ts';
export type { DialledQuic, QuicDialOptions, QuicTarget } from './quic/quic-target.ts';
export type { DialTarget, SocketOptions, Tunnel } from './dial-target.ts';
export { TlsIdentity } from './tls-identity.ts';
export type { TlsIdentityOptions } from './tls-identity.ts';
export type { TlsOptions } from './tls-options.ts';
export { TlsSource } from './tls-source.ts';
export type { TlsSourceOptions } from './tls-source.ts';
