/**
 * What the API of the observer answers: plain JSON, without null, so that a merge patch (RFC 7396) can say
 * what has changed. Times are ms since 1970, durations ms, sizes bytes.
 */

/** The pages that the API has a document of. */
export const pageNames = [
  'overview',
  'tree',
  'processes',
  'process',
  'pools',
  'requests',
  'crashes',
  'registry',
  'cluster',
] as const;

export type PageName = (typeof pageNames)[number];

/** The seconds between two deltas that a stream may have. */
export const intervals = [1, 2, 5, 15, 30] as const;

/** Figures of the program as a whole: a part of each document. */
export interface SystemFigures {
  readonly at: number;
  readonly node: string;
  readonly startedAt: number;
  readonly processes: number;
  readonly runQueue: number;
  /** Since the program began. */
  readonly reductions: number;
  readonly memory: {
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
  };
  readonly loop: LoopFigures;
  /** Since `since`; missing until requests are recorded. */
  readonly requests?: RequestFigures;
  /** How many crashes there were since the observer began. */
  readonly crashes: number;
  readonly restarts: number;
}

/** The event loop in the last second or more. */
export interface LoopFigures {
  /** The part of the time that it was busy, 0 to 1. */
  readonly utilization: number;
  /** How late timers were; missing until there is a measurement. */
  readonly delayP50?: number;
  readonly delayP99?: number;
  readonly delayMax?: number;
}

/** Requests of all instances, while a viewer looks. */
export interface RequestFigures {
  readonly since: number;
  readonly count: number;
  readonly failed: number;
  /** Of the requests of the last second or more; missing when there were none. */
  readonly p50?: number;
  readonly p99?: number;
}

interface Document {
  readonly system: SystemFigures;
}

export interface OverviewDocument extends Document {
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly pid: number;
  readonly instances: Readonly<Record<string, InstanceFigures>>;
}

/** An instance of @linnet/finch. */
export interface InstanceFigures {
  readonly pools: number;
  readonly inUse: number;
  readonly inFlight: number;
  readonly idle: number;
  readonly connecting: number;
  readonly queued: number;
  readonly maxConnections: number | 'infinity';
}

/** What the tree and the table of processes both show of a process. */
export interface ProcessFacts {
  /** Missing for a child that is not running. */
  readonly pid?: string;
  readonly name?: string;
  readonly label: string;
  readonly type: 'worker' | 'supervisor';
  readonly status: 'runnable' | 'waiting' | 'busy' | 'restarting' | 'stopped';
  readonly mailbox: number;
  /** Missing for a child that is not running. */
  readonly startedAt?: number;
  /** The state of a machine. */
  readonly state?: string;
  /** How often its supervisor started it anew. */
  readonly restarts?: number;
}

export interface TreeNode extends ProcessFacts {
  /** Its id in its supervisor. */
  readonly id?: string;
  readonly restart?: string;
  /** Of a supervisor. */
  readonly supervisor?: {
    readonly strategy: string;
    readonly intensity: number;
    readonly period: number;
    /** Within the period. */
    readonly restarts: number;
  };
  /** Keys of the children that are in the document. */
  readonly children: readonly string[];
  /** How many more children it has. */
  readonly more?: number;
  /** It matches what was searched for. */
  readonly matched?: true;
}

export interface TreeDocument extends Document {
  readonly nodes: Readonly<Record<string, TreeNode>>;
  readonly roots: readonly string[];
  /** Processes outside any tree. */
  readonly others: readonly string[];
  /** How many processes there are, and how many of them are in the document. */
  readonly total: number;
  readonly shown: number;
}

export const sortKeys = [
  'pid',
  'name',
  'label',
  'status',
  'mailbox',
  'uptime',
  'restarts',
] as const;

export type SortKey = (typeof sortKeys)[number];

export interface ProcessRow extends ProcessFacts {
  readonly pid: string;
  readonly links: number;
  readonly monitors: number;
  readonly monitoredBy: number;
}

export interface ProcessesDocument extends Document {
  readonly total: number;
  /** How many match the search. */
  readonly matched: number;
  readonly offset: number;
  readonly order: readonly string[];
  readonly rows: Readonly<Record<string, ProcessRow>>;
}

/** A process that another one points to. */
export interface ProcessLink {
  readonly pid: string;
  readonly title: string;
}

export interface ProcessDocument extends Document {
  readonly pid: string;
  /** Missing when it is dead. */
  readonly process?: ProcessRow & {
    readonly trapExit: boolean;
    readonly parent?: ProcessLink;
    readonly supervisor?: ProcessLink;
    readonly linked: readonly ProcessLink[];
    /** What its behaviour shows, as text; hidden unless the observer reveals it. */
    readonly details: string;
  };
  /** Missing while it is not traced. */
  readonly trace?: readonly TraceLine[];
}

export interface TraceLine {
  readonly n: number;
  readonly at: number;
  readonly type: 'in' | 'out' | 'state';
  readonly text: string;
}

/** One shard of a pool. */
export interface ShardFigures {
  readonly pid: string;
  readonly size: number;
  readonly inUse: number;
  readonly inFlight: number;
  readonly idle: number;
  readonly connecting: number;
  readonly queued: number;
  readonly available: number;
  readonly checkouts: number;
  readonly protocol?: string;
}

export interface PoolFigures {
  readonly instance: string;
  readonly key: string;
  readonly pid: string;
  readonly status: 'up' | 'down' | 'stopping';
  readonly userManaged: boolean;
  readonly shards: Readonly<Record<string, ShardFigures>>;
  /** Recorded while a viewer looks. */
  readonly requests: number;
  readonly failed: number;
  /** Callers that got no connection in time. */
  readonly timeouts: number;
  readonly connectErrors: number;
  /** How long requests waited for a connection, of the last second or more. */
  readonly waitP50?: number;
  readonly waitP99?: number;
}

export interface ConnectionRow {
  readonly pool: string;
  readonly instance: string;
  readonly shard: number;
  readonly pid?: string;
  readonly state: string;
  readonly protocol?: string;
  readonly openedAt: number;
  readonly served: number;
  readonly inFlight: number;
  readonly limit: number;
  readonly peer?: string;
}

export interface PoolsDocument extends Document {
  readonly pools: Readonly<Record<string, PoolFigures>>;
  /** Of the pool that was asked for; at most as many as a page has. */
  readonly connections: Readonly<Record<string, ConnectionRow>>;
  readonly connectionCount: number;
}

/** Where the time of a request went; a phase that was not reached is missing. */
export interface PhaseTimes {
  /** Waiting for a connection, without opening one. */
  readonly queue?: number;
  readonly connect?: number;
  readonly send?: number;
  readonly wait?: number;
  readonly receive?: number;
}

export interface RequestRow {
  readonly at: number;
  readonly instance: string;
  readonly pool: string;
  readonly method: string;
  readonly path: string;
  readonly duration: number;
  readonly status?: number;
  readonly error?: string;
  readonly attempts: number;
  readonly protocol?: string;
  readonly connection?: string;
  readonly bytes: number;
  readonly phases: PhaseTimes;
  /** Only when the observer reveals them; those that are secret are redacted. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
}

export interface RequestsDocument extends Document {
  readonly rows: Readonly<Record<string, RequestRow>>;
  /** The last ones first. */
  readonly recent: readonly string[];
  /** The slowest ones first. */
  readonly slowest: readonly string[];
}

export interface CrashRow {
  readonly at: number;
  readonly pid: string;
  readonly name?: string;
  readonly label: string;
  readonly cause: 'fault' | 'signal' | 'stray';
  readonly reason: string;
  readonly stack?: string;
  readonly parent?: string;
  readonly mailbox: number;
  /** What it handled, and its state; only when the observer reveals them. */
  readonly lastMessage?: string;
  readonly state?: string;
  /** What became of it. */
  readonly outcome: string;
  /** The process in its place. */
  readonly successor?: string;
}

export interface CrashesDocument extends Document {
  readonly crashes: Readonly<Record<string, CrashRow>>;
  /** The last ones first. */
  readonly order: readonly string[];
  /** Crashes that came too fast to be kept. */
  readonly dropped: number;
}

export interface RegistryFigures {
  readonly keys: 'unique' | 'duplicate';
  readonly entries: number;
  readonly owners: number;
}

export interface RegistryDocument extends Document {
  readonly names: ReadonlyArray<readonly [name: string, pid: string]>;
  readonly nameCount: number;
  readonly registries: Readonly<Record<string, RegistryFigures>>;
  /** Of the registry that was asked for; at most as many as a page has. */
  readonly entries: ReadonlyArray<readonly [key: string, pid: string]>;
}

/** A node of the cluster, as this one sees it. */
export interface NodeRow {
  /** `'lost'`: it was connected since the observer began. */
  readonly state: 'this node' | 'connected' | 'lost';
  /** Since when it is connected or lost; missing for one that was connected before the observer began. */
  readonly since?: number;
  /** Why it was lost. */
  readonly reason?: string;
  /** How long a call to it and its answer took; missing until there is an answer. */
  readonly roundTrip?: number;
  /** When something of it arrived last. */
  readonly heardAt?: number;
  /** It was reported unreachable. */
  readonly suspected?: boolean;
  /** What waits for it to acknowledge, and whether that is more than half of what may wait. */
  readonly waitingFrames?: number;
  readonly waitingBytes?: number;
  readonly busy?: boolean;
  /** What was sent to it so far. */
  readonly signalsSent?: number;
  readonly bytesSent?: number;
  readonly framesResent?: number;
  readonly gaps?: number;
  /** Of its observer, if one runs there: then its pages can be asked for, too, by its name as `node`. */
  readonly figures?: Pick<
    SystemFigures,
    'startedAt' | 'processes' | 'runQueue' | 'crashes' | 'restarts'
  > & { readonly rss: number };
}

export interface ClusterDocument extends Document {
  /** Whether this program is a node of a cluster. */
  readonly isRunning: boolean;
  readonly nodes: Readonly<Record<string, NodeRow>>;
  readonly order: readonly string[];
  /** Names of `Global`, where that runs; at most as many as a page has. */
  readonly names?: ReadonlyArray<readonly [name: string, pid: string, node: string]>;
  readonly nameCount?: number;
  /** Groups of `Pg` in its default scope, where that runs, with their members on all nodes. */
  readonly groups?: ReadonlyArray<readonly [group: string, members: number]>;
  readonly groupCount?: number;
}

/** The documents by the names of their pages. */
export interface Documents {
  readonly overview: OverviewDocument;
  readonly tree: TreeDocument;
  readonly processes: ProcessesDocument;
  readonly process: ProcessDocument;
  readonly pools: PoolsDocument;
  readonly requests: RequestsDocument;
  readonly crashes: CrashesDocument;
  readonly registry: RegistryDocument;
  readonly cluster: ClusterDocument;
}

/** What a viewer may do: the answer to `api/session`. */
export interface Session {
  readonly actions: boolean;
  /** To be sent with actions as `x-observer-token`; missing when there are none. */
  readonly token?: string;
  /** Whether states, messages and headers are shown. */
  readonly reveal: boolean;
  /** The level of the logger; missing when the observer was given none. */
  readonly logLevel?: string;
}
