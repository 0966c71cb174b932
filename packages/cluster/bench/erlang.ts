/** The same between two Erlang nodes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Figures } from './figures.ts';

const program = `
Echo = fun Loop() -> receive
    {'$gen_call', {P, _} = From, {echo, T}} -> gen_server:reply(From, T), _ = P, Loop();
    {sink, W, N} -> (fun S(0) -> W ! done; S(K) -> receive {m, _} -> S(K - 1) end end)(N), Loop()
  end end,
Text = lists:duplicate(1, binary:copy(<<"x">>, 128)),
{ok, Peer, Node} = peer:start_link(#{name => peer:random_name(), connection => standard_io, host => "127.0.0.1", args => ["-setcookie", atom_to_list(erlang:get_cookie())]}),
_ = Peer, net_kernel:connect_node(Node),
Pid = erpc:call(Node, erlang, spawn, [Echo]),
true = erpc:call(Node, erlang, register, [counter, Pid]),
Now = fun() -> erlang:monotonic_time(microsecond) end,
One = fun() -> B = Now(), gen_server:call({counter, Node}, {echo, Text}), Now() - B end,
Seq = (fun S(End, Acc) -> case Now() > End of true -> lists:sort(Acc); false -> S(End, [One() | Acc]) end end)(Now() + 1000000, []),
At = fun(P) -> lists:nth(max(1, trunc(length(Seq) * P)), Seq) end,
Cpu = fun() -> {A, _} = erlang:statistics(runtime), {B, _} = erpc:call(Node, erlang, statistics, [runtime]), A + B end,
C1 = Cpu(), Self = self(), End = Now() + 2000000,
[spawn(fun() -> Self ! {n, (fun S(K) -> case Now() > End of true -> K; false -> One(), S(K + 1) end end)(0)} end) || _ <- lists:seq(1, 64)],
Calls = lists:sum([receive {n, K} -> K end || _ <- lists:seq(1, 64)]),
C2 = Cpu(), M = 300000, B2 = Now(), Pid ! {sink, Self, M},
[Pid ! {m, Text} || _ <- lists:seq(1, M)], receive done -> ok end, T2 = Now(), C3 = Cpu(),
io:format("~b ~b ~b ~b ~.2f ~.2f~n", [At(0.5), At(0.99), Calls div 2, trunc(M / ((T2 - B2) / 1000000)), (C2 - C1) * 1000 / Calls, (C3 - C2) * 1000 / M]),
halt().
`;

/** One turn; undefined when two Erlang nodes cannot be started here. */
export async function erlangRound(): Promise<Figures | undefined> {
  const args = ['-noshell', '-name', `bench${process.pid}@127.0.0.1`, '-setcookie', 'bench'];
  try {
    const evaluate = ['-eval', program.trim()];
    const { stdout } = await promisify(execFile)('erl', [...args, ...evaluate], {
      timeout: 60_000,
      env: { ...process.env, ERL_CRASH_DUMP_SECONDS: '0' },
    });
    const [p50 = 0, p99 = 0, calls = 0, oneWay = 0, cpuPerCall = 0, cpuPerMessage = 0] = stdout
      .trim()
      .split(' ')
      .map(Number);
    return { p50, p99, calls, oneWay, cpuPerCall, cpuPerMessage };
  } catch (error) {
    console.log(`Erlang: ${String(error).slice(0, 500)}`);
    return undefined;
  }
}
