/** Processes, names and supervision over worker threads and machines, with NATS as the carrier. */
export { Cluster, ClusterHandle } from './cluster.ts';
export type { ClusterOptions } from './options.ts';
export type { AssociationOptions } from './association/options.ts';
export type { AssociationFigures } from './association/association.ts';
export type { DownReason } from './association/down-reason.ts';
export type { NodeIdentity } from './association/identity.ts';
export type { Carrier, CarrierEvents } from './carrier/carrier.ts';
export { Node, type ConnectOptions } from './node/node.ts';
export type { Modules, RemoteBody } from './node/modules.ts';
export { RemoteTask, type RemoteTasks, type TaskTarget } from './node/remote-task.ts';
export type { NodeDownMessage, NodeMessage, NodeUpMessage } from './node/node-monitors.ts';
export { Pg, type PgOptions } from './pg/pg.ts';
export type { PgMessage, PgMonitor } from './pg/group-monitors.ts';
export { Global, type GlobalOptions, type RegisterOptions } from './global/global.ts';
export type { NameConflictMessage } from './global/names.ts';
export type { OnConflict, Resolve } from './global/name-table.ts';
export {
  ClusterSupervisor,
  type ClusterSupervisorOptions,
} from './supervisor/cluster-supervisor.ts';
export type { ClusterChild, ClusterChildModule, RunningChild } from './supervisor/cluster-child.ts';
export { abcast, multiCall, type MultiCallOptions, type MultiCallResult } from './multi-call.ts';
export { Workers, type JoinOptions, type WorkersOptions } from './workers/workers.ts';
export { ClusterError, type ClusterFailure } from './errors/cluster-error.ts';
export { DataCloneError } from './errors/data-clone-error.ts';
export { MessageTooLongError } from './errors/message-too-long-error.ts';
export { SpawnError, type SpawnFailure } from './errors/spawn-error.ts';
export type { NodeBusyEvent, NodeDownEvent, NodeRefusedEvent, NodeUpEvent } from './telemetry.ts';
