/** What the examples in the doc comments of @linnet/otp use without declaring it. */
import {
  GenServer,
  noreply,
  reply,
  type ApplicationHandle,
  type Logger,
  type Pid,
  type RegistryHandle,
  type ServerRef,
  type SupervisorHandle,
  type TaskHandle,
} from '@linnet/otp';

export declare const pid: Pid;
export declare const worker: Pid;
export declare const holder: Pid;
export declare const slot: object;
export declare const server: ServerRef & { readonly connections: number };
export declare const supervisor: SupervisorHandle;
export declare const application: ApplicationHandle;
export declare const registry: RegistryHandle<string, Entry>;
export declare const rooms: RegistryHandle<string>;
export declare const visits: RegistryHandle<string, number>;
export declare const task: TaskHandle<number>;
export declare const tasks: ReadonlyArray<TaskHandle<number>>;
export declare const pool: { release(slot: object): void };
export declare const metrics: { increment(name: string, labels: object): void };

export interface Entry {
  readonly since?: number;
  readonly topic?: string;
  readonly urgent?: boolean;
}

export const Counter = GenServer.define({
  init: (start: number) => start,
  handleCall: {
    value: (n) => reply(n, n),
    add: (n, by: number) => reply(n + by, n + by),
  },
  handleCast: { reset: () => noreply(0) },
});
export const Database = GenServer.define({ init: () => 0 });
export const Web = GenServer.define({ init: (options?: { readonly port: number }) => options });
export const Store = GenServer.define({ init: (shard: number) => shard });
export const Cache = GenServer.define({ init: (shard: number) => shard });
export const Session = GenServer.define({ init: (user: string) => user });
export const Room = GenServer.define({
  init: (guests: number) => guests,
  handleCall: { guests: (n) => reply(n, n) },
});
export interface Connection {
  opened(): void;
}
export const Connection = GenServer.define({ init: () => 0 });
export const A = GenServer.define({ init: () => 0 });
export const B = GenServer.define({ init: () => 0 });

export interface User {
  readonly name: string;
}
export interface Cart {
  readonly total: number;
}
export type Price = number;

export declare const item: string;
export declare const items: readonly string[];
export declare const user: User;
export declare const userId: string;
export declare const url: string;
export declare const urls: readonly string[];
export declare const files: readonly string[];
export declare const text: string;
export declare const untrusted: string;
export declare const cached: Price | undefined;
export declare function load(): Promise<Price>;
export declare function loadUser(): Promise<User>;
export declare function loadOrders(): Promise<readonly string[]>;
export declare function fetchPrice(of: string): Promise<Price>;
export declare function countStock(of: string): Promise<number>;
export declare function download(from: string): Promise<string>;
export declare function parse(file: string): object;
export declare function save(what: string): void;
export declare function use(what: unknown): void;
export declare function collect(): Promise<void>;
export declare function migrate(): Promise<void>;
export declare function warmUpCache(): Promise<void>;
export declare function sendMail(to: User): Promise<void>;
export declare function sendWelcomeMail(to: User): Promise<void>;
export declare function stopAcceptingOrders(): void;
export declare function runTheWholeThing(): Promise<void>;
export declare function pino(): Logger;
