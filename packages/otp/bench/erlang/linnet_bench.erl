%% The measures of the benchmark in Erlang, one process tree for one measure.
%% Reads counts from standard input; answers each with nanoseconds and the
%% number of operations done.
-module(linnet_bench).
-behaviour(gen_server).
-export([main/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).
-export([supervisor_child/1]).

main() ->
    logger:set_primary_config(level, none),
    [Measure, Idle] = init:get_plain_arguments(),
    [{ok, _} = gen_server:start(?MODULE, {counter, 0}, []) || _ <- lists:seq(1, list_to_integer(Idle))],
    serve(prepare(Measure)).

serve(Run) ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            Count = list_to_integer(string:trim(Line)),
            Started = erlang:monotonic_time(nanosecond),
            Done = in_process(fun() -> Run(Count) end),
            Ended = erlang:monotonic_time(nanosecond),
            io:format("~b ~b~n", [Ended - Started, Done]),
            serve(Run)
    end.

%% Runs a function in a process of its own, and gives its result.
in_process(Fun) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({done, Fun()}) end),
    receive {'DOWN', Ref, process, Pid, {done, Result}} -> Result end.

prepare("call") ->
    {ok, Counter} = gen_server:start(?MODULE, {counter, 0}, []),
    fun(Count) -> calls(Counter, Count), Count end;
prepare("call-100") ->
    {ok, Counter} = gen_server:start(?MODULE, {counter, 0}, []),
    fun(Count) ->
        Each = max(1, Count div 100),
        at_once(100, fun() -> calls(Counter, Each) end),
        100 * Each
    end;
prepare("ping-pong") ->
    A = spawn(fun player/0),
    B = spawn(fun player/0),
    fun(Count) ->
        A ! {ball, Count, B, self()},
        receive over -> Count end
    end;
prepare("fan-in") ->
    Receiver = spawn(fun sink/0),
    fun(Count) ->
        Bursts = max(1, Count div 1000),
        at_once(10, fun() -> bursts(Receiver, Bursts) end),
        1000 * Bursts
    end;
prepare("ring") ->
    First = spawn(fun() -> receive {next, Next} -> ring(Next) end end),
    Last = lists:foldl(fun(_, Next) -> spawn(fun() -> ring(Next) end) end, First, lists:seq(2, 1000)),
    First ! {next, Last},
    fun(Count) ->
        First ! {token, Count, self()},
        receive over -> Count end
    end;
prepare("spawn-stop") ->
    fun(Count) -> spawn_stop(Count), Count end;
prepare("spawn-stop-100") ->
    fun(Count) ->
        Rounds = max(1, Count div 100),
        [spawn_stop_all(100) || _ <- lists:seq(1, Rounds)],
        100 * Rounds
    end;
prepare("server-start-stop") ->
    fun(Count) -> start_stop(Count), Count end;
prepare("restart") -> restarts(exit);
prepare("restart-error") -> restarts(crash);
prepare("memory") ->
    fun(Count) ->
        erlang:garbage_collect(),
        Before = erlang:memory(total),
        [{ok, _} = gen_server:start(?MODULE, {counter, 0}, []) || _ <- lists:seq(1, Count)],
        erlang:garbage_collect(),
        (erlang:memory(total) - Before) div Count
    end.

calls(_Counter, 0) -> ok;
calls(Counter, N) ->
    _ = gen_server:call(Counter, {add, 1}),
    calls(Counter, N - 1).

at_once(N, Fun) ->
    Refs = [element(2, spawn_monitor(Fun)) || _ <- lists:seq(1, N)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs].

player() ->
    receive
        {ball, 0, _From, Referee} -> Referee ! over;
        {ball, N, From, Referee} -> From ! {ball, N - 1, self(), Referee}
    end,
    player().

sink() ->
    receive
        {last, From} -> From ! ok;
        {message, _From, _N} -> ok
    end,
    sink().

bursts(_Receiver, 0) -> ok;
bursts(Receiver, N) ->
    burst(Receiver, self(), 99),
    Receiver ! {last, self()},
    receive ok -> ok end,
    bursts(Receiver, N - 1).

burst(_Receiver, _Self, 0) -> ok;
burst(Receiver, Self, N) ->
    Receiver ! {message, Self, N},
    burst(Receiver, Self, N - 1).

ring(Next) ->
    receive
        {token, 0, Referee} -> Referee ! over;
        {token, N, Referee} -> Next ! {token, N - 1, Referee}
    end,
    ring(Next).

spawn_stop(0) -> ok;
spawn_stop(N) ->
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, Pid, normal} -> ok end,
    spawn_stop(N - 1).

spawn_stop_all(N) ->
    [spawn_monitor(fun() -> ok end) || _ <- lists:seq(1, N)],
    downs(N).

downs(0) -> ok;
downs(N) ->
    receive {'DOWN', _Ref, process, _Pid, normal} -> downs(N - 1) end.

start_stop(0) -> ok;
start_stop(N) ->
    {ok, Pid} = gen_server:start(?MODULE, {counter, 0}, []),
    ok = gen_server:stop(Pid),
    start_stop(N - 1).

%% Supervisors with one child that dies a hundred times: it exits or raises an error.
restarts(End) ->
    fun(Count) ->
        Supervisors = max(1, Count div 100),
        [restarts(End, 100) || _ <- lists:seq(1, Supervisors)],
        100 * Supervisors
    end.

restarts(End, N) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, self(), N}),
    deaths(End, N),
    receive {started, _Last} -> ok end,
    ok = gen_server:stop(Supervisor).

deaths(_End, 0) -> ok;
deaths(End, N) ->
    receive {started, Pid} -> gen_server:cast(Pid, End) end,
    deaths(End, N - 1).

supervisor_child(Driver) -> gen_server:start_link(?MODULE, {child, Driver}, []).

init({counter, N}) -> {ok, N};
init({child, Driver}) -> Driver ! {started, self()}, {ok, 0};
init({supervisor, Driver, Intensity}) ->
    Flags = #{strategy => one_for_one, intensity => Intensity, period => 1},
    {ok, {Flags, [#{id => child, start => {?MODULE, supervisor_child, [Driver]}}]}}.

handle_call({add, By}, _From, N) -> {reply, N + By, N + By}.
handle_cast(exit, _State) -> exit(boom);
handle_cast(crash, _State) -> error(boom).
handle_info(_Message, State) -> {noreply, State}.
