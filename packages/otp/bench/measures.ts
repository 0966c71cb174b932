/**
 * What is measured, and what is aimed at. Every peer does the same work:
 *
 * - call: one process awaits one answer at a time, with a timeout of 5 s armed for each: GenServer's
 *   `call`, `gen_server:call`, and nact's `query`, which is asked from plain code as in call-plain. In
 *   call-100, a hundred callers do so at once.
 * - restart: a child dies in its handler of a cast, as soon as it has told that it runs. It exits with a
 *   reason (nact: throws it), or raises an error (`throw new Error`, `erlang:error`), which has a
 *   stack trace to be made. Nothing is logged, in any of them.
 */

export interface RateMeasure {
  readonly id: string;
  readonly title: string;
  /** The measure of the peers, where it has another name there. */
  readonly peerId?: string;
  /** nact has nothing like it. */
  readonly withoutNact?: boolean;
  /** At least so many times the rate of raw nact. */
  readonly aimNact?: number;
  /** At least so many times the rate of Erlang/OTP on one scheduler. */
  readonly aimErlang?: number;
}

export const rateMeasures: readonly RateMeasure[] = [
  { id: 'call', title: 'call, one caller', aimNact: 10, aimErlang: 2 },
  {
    id: 'call-plain',
    title: 'call, from outside any process',
    peerId: 'call',
    aimNact: 10,
    aimErlang: 2,
  },
  { id: 'call-100', title: 'call, 100 callers', aimNact: 10, aimErlang: 2 },
  { id: 'ping-pong', title: 'ping-pong hop, GenServer', aimNact: 10, aimErlang: 2 },
  {
    id: 'ping-pong-async',
    title: 'ping-pong hop, await receive()',
    peerId: 'ping-pong',
    aimErlang: 2,
  },
  { id: 'fan-in', title: 'fan-in, 10 senders to one', aimNact: 10, aimErlang: 1 },
  { id: 'ring', title: 'ring of 1,000, hop', aimNact: 10 },
  { id: 'spawn-stop', title: 'spawn, exit, DOWN', aimErlang: 0.5 },
  { id: 'spawn-stop-100', title: 'spawn, exit, DOWN, 100 at once', aimErlang: 0.5 },
  { id: 'server-start-stop', title: 'GenServer start and stop', withoutNact: true },
  { id: 'restart', title: 'supervisor restart, exit', aimErlang: 1 },
  { id: 'restart-error', title: 'supervisor restart, error', aimErlang: 1 },
];
