/** The processes with which the owners of entries are linked. */
import { self } from '../process/context.ts';
import { trapExit } from '../process/links/link.ts';
import { GenServer, type GenServerModule } from '../gen-server/gen-server.ts';
import { noreply } from '../gen-server/results.ts';
import type { RegistryTable } from './table.ts';

interface Partition {
  readonly table: RegistryTable<unknown, unknown>;
  readonly index: number;
}

/**
 * A partition does nothing but be linked: its death reaches the owners, as the loss of Elixir's
 * partition and its tables does. The table learns of their deaths by itself, so the EXIT messages
 * that come here are dropped.
 */
export const RegistryPartition: GenServerModule<
  Partition,
  Record<never, never>,
  Record<never, never>
> = GenServer.define({
  name: 'Registry.Partition',
  init: (partition: Partition) => {
    trapExit();
    partition.table.openPartition(partition.index, self());
    return { registry: partition.table.name, index: partition.index };
  },
  handleInfo: (state) => noreply(state),
});
