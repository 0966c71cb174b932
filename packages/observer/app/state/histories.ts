/** Histories of the program and of each pool, which outlast a change of the page. */
import type { PoolsDocument } from '../../src/protocol/documents.ts';
import { History, SystemHistory } from './history.ts';
import type { Shown } from './live.ts';

export class Histories {
  readonly system = new SystemHistory();
  readonly pools = new Map<string, History>();

  add({ page, document }: Shown): void {
    this.system.addSystem(document.system);
    if (page === 'pools' && 'pools' in document) this.#addPools(document);
  }

  #addPools({ pools, system }: PoolsDocument): void {
    for (const [id, { shards, waitP50, waitP99 }] of Object.entries(pools)) {
      let history = this.pools.get(id);
      if (history === undefined) this.pools.set(id, (history = new History()));
      const all = Object.values(shards);
      const sum = (name: 'inUse' | 'idle' | 'queued'): number =>
        all.reduce((total, shard) => total + shard[name], 0);
      history.add(system.at, {
        inUse: sum('inUse'),
        idle: sum('idle'),
        queued: sum('queued'),
        waitP50,
        waitP99,
      });
    }
    for (const id of this.pools.keys()) if (pools[id] === undefined) this.pools.delete(id);
  }
}
