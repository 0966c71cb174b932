export { spawn, spawnLink, spawnMonitor, type ProcessOptions } from './process/spawn.ts';
export {
  setMailboxLimits,
  type MailboxLimits,
  type MailboxOptions,
} from './process/mailbox-limits.ts';
export { currentPid, detached, self, type ContextOptions } from './process/context.ts';
export { defer, undefer, type Deferred } from './process/time/deferred.ts';
export { arm, now, Timer, type TimeoutTarget } from './process/time/clock.ts';
export { Pid } from './process/pid.ts';
export { send } from './process/messages/send.ts';
export { Alias, alias, unalias, type AliasOptions } from './process/messages/alias.ts';
export {
  cancelTimer,
  exitAfter,
  killAfter,
  readTimer,
  sendAfter,
  sendInterval,
  TimerRef,
} from './process/time/timers.ts';
export { receive, type ReceiveOptions } from './process/messages/receive.ts';
export { exit, link, unlink, trapExit, isAlive, listProcesses } from './process/links/link.ts';
export {
  AliasMonitorRef,
  demonitor,
  monitor,
  MonitorRef,
  type DownMessage,
  type MonitorAlias,
  type MonitorOptions,
} from './process/links/monitor.ts';
export type { ExitMessage } from './process/links/signals.ts';
export type { Name } from './process/names/name.ts';
export { register, unregister, registered } from './process/names/names.ts';
export {
  whereis,
  type NameOption,
  type ServerRef,
  type Via,
  type ViaRegistry,
} from './process/names/server-ref.ts';
export { processInfo, signal, type ProcessInfo } from './process/info.ts';
export { onDeath } from './process/links/on-death.ts';
export { Watch } from './process/links/watch.ts';
export {
  ExitError,
  formatReason,
  isSoftReason,
  type ExitReason,
  type Shutdown,
} from './process/exit-reason.ts';
export { BadArgumentError, NoProcessError, ReceiveTimeoutError } from './process/errors.ts';
export type { From } from './process/messages/call.ts';
export { CallError } from './process/messages/call-error.ts';
export { StartError } from './process/start/start.ts';
export { ProcLib, type ProcLibOptions, type StartedProcess } from './process/start/proc-lib.ts';
export type { LogBounds } from './process/values/bounded-copy.ts';
export {
  setLogger,
  type CrashReport,
  type Logger,
  type LogLevel,
} from './process/reports/crash-report.ts';
export {
  ignore,
  type ChildId,
  type ChildSpec,
  type ChildSpecOverrides,
  type Ignore,
  type Restart,
  type RestartBackoff,
  type ShutdownTime,
  type Startable,
} from './process/start/child-spec.ts';
export { splitOverrides } from './process/start/child-options.ts';
export { GenServer, type GenServerModule, type GenServerOptions } from './gen-server/gen-server.ts';
export type { ServerContext } from './gen-server/types.ts';
export type { FormatStatus, ServerStatus } from './gen-server/status.ts';
export {
  checkResponse,
  receiveResponse,
  RequestCollection,
  RequestId,
  sendRequest,
  waitResponse,
  type ResponseMessage,
  type ResponseOptions,
} from './gen-server/send-request.ts';
export { FunctionClauseError } from './gen-server/errors.ts';
export type { CallOptions, ServerHandle } from './gen-server/server-handle.ts';
export {
  noreply,
  ok,
  reply,
  startFailure,
  stop,
  type NoReply,
  type Ok,
  type Reply,
  type StartFailure,
  type Stop,
  type ContinueRequest,
  type Next,
} from './gen-server/results.ts';
export {
  getState,
  replaceState,
  resume,
  suspend,
  trace,
  type SystemOptions,
  type TraceEvent,
} from './gen-server/system.ts';
export { introspect, introspectInTurns } from './introspect/introspect.ts';
export { statistics, type Statistics } from './introspect/statistics.ts';
export { formatTree, type FormatTreeOptions } from './introspect/format-tree.ts';
export {
  subscribe,
  type CrashEvent,
  type Subscription,
  type SystemEvent,
} from './introspect/subscribe.ts';
export type { ProcessNode, Snapshot, StateValue, SupervisorNode } from './introspect/snapshot.ts';
export type {
  ExitEvent,
  MailboxEvent,
  RestartEvent,
  SpawnEvent,
} from './process/reports/events.ts';
export { Supervisor, type SupervisorModule } from './supervisor/supervisor.ts';
export { SupervisorError } from './supervisor/errors.ts';
export type {
  AnySupervisorHandle,
  GivenChildSpec,
  SimpleSupervisorHandle,
  SupervisorHandle,
} from './supervisor/client.ts';
export type { SupervisorEvent, SupervisorReport } from './supervisor/reports.ts';
export type {
  AutoShutdown,
  Child,
  ChildCounts,
  ChildDetails,
  ChildInfo,
  ChildModule,
  ChildModuleWithArg,
  ChildState,
  ChildTemplate,
  ChildWithInfo,
  RestartLimits,
  SimpleSupervisorOptions,
  StartedChild,
  Strategy,
  SupervisorDetails,
  SupervisorFlags,
  SupervisorInit,
  SupervisorOptions,
  SupervisorTree,
} from './supervisor/types.ts';
export { Machine } from './machine/machine.ts';
export type { DelayOption, MachineAction, MachineDelay } from './machine/actions.ts';
export type {
  Answerable,
  CallEvent,
  MachineArgs,
  MachineCallOptions,
  MachineHandle,
  MachineModule,
  MachineOptions,
  MachineRef,
  MachineState,
  StartMachineOptions,
} from './machine/types.ts';
export {
  DynamicSupervisor,
  type DynamicChild,
  type DynamicSupervisorFlags,
  type DynamicSupervisorHandle,
  type DynamicSupervisorModule,
  type DynamicSupervisorOptions,
} from './supervisor/dynamic-supervisor.ts';
export { Registry } from './registry/registry.ts';
export { RegistryHandle } from './registry/handle.ts';
export {
  AlreadyRegisteredError,
  DuplicateRegistryError,
  UnknownRegistryError,
} from './registry/errors.ts';
export type { LockOptions } from './registry/locks.ts';
export type {
  EntryPredicate,
  KeysMode,
  ListenerMessage,
  RegistryDetails,
  RegistryEntry,
  RegistryOptions,
  ValuePredicate,
} from './registry/types.ts';
export { Task } from './task/task.ts';
export { callers } from './task/callers.ts';
export { TaskError, TaskLimitError, TaskOwnerError } from './task/errors.ts';
export { TaskHandle, type TaskResult } from './task/handle.ts';
export type { TaskResults, TaskValues, YieldManyOptions } from './task/many.ts';
export type { TaskBody } from './task/start-task.ts';
export type { TaskStream } from './task/async-stream.ts';
export type { StreamItem, StreamOptions } from './task/stream-options.ts';
export type {
  SupervisedStreamOptions,
  SupervisedTaskOptions,
  TaskChildOptions,
} from './task/supervised.ts';
export { TaskSupervisorHandle, type TaskSupervisorOptions } from './task/task-supervisor.ts';
export type { TaskMessage } from './task/task-ref.ts';
export {
  PartitionSupervisor,
  type PartitionChild,
  type PartitionSupervisorHandle,
  type PartitionSupervisorOptions,
} from './supervisor/partition-supervisor.ts';
export { Agent, AgentHandle, type AgentCallOptions } from './agent/agent.ts';
export { Application, ApplicationHandle } from './application/application.ts';
export { ApplicationError } from './application/errors.ts';
export type { ApplicationOptions } from './application/options.ts';
export { System } from './application/system.ts';
export type { ApplicationEnd } from './application/running-application.ts';
export { Pg, type PgOptions } from './pg/pg.ts';
export type { GroupMessage, GroupMonitor } from './pg/scope.ts';
export { Nact, type NactHandle, type NactOptions } from './nact/nact.ts';
export type { NactActor, NactContext, NactLogger, NactReference } from './nact/types.ts';
