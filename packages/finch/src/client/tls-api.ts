/** Certificates that are replaced while their pools run. */
import { reloadTls } from '../instance/tls.ts';
import type { PoolLike } from '../identity/index.ts';
import { RegulationApi } from './regulation-api.ts';

export abstract class TlsApi extends RegulationApi {
  /**
   * Reads `caFile`, `certFile`, `keyFile` and `pfxFile` of a pool again, or of all
   * pools, and of the options with which others are to start. Call it when you
   * have replaced the files; without it, files that have changed are noticed when
   * the next connection is opened.
   *
   * Where their content is another one, new connections have the new identity.
   * Connections of the old one that are idle close now; those in use close after
   * their requests, which go on. Resolves with the keys of the pools to which that
   * happened; pools with the same options object, as all of `default`, go together.
   *
   * Erlang has `ssl:clear_pem_cache/0` for it.
   *
   * @throws OptionsError when files cannot be read or used: the old identity stays
   * in use, for those files only.
   * @throws PoolNotFoundError, InstanceNotFoundError
   *
   * @example
   * process.on('SIGHUP', () => {
   *   finch.reloadTls().then(console.log, console.error);
   * });
   */
  async reloadTls(pool?: PoolLike): Promise<string[]> {
    return reloadTls(this.running(), pool);
  }
}
