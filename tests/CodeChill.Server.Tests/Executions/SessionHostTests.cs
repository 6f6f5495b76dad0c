using System.Reflection;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Rooms;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans;

namespace CodeChill.Server.Tests.Executions;

/// <summary>The limits of terminals, by a clock that the test moves.</summary>
public sealed class SessionHostTests : IDisposable
{
    private static readonly TimeSpan _moment = TimeSpan.FromSeconds(1);

    private readonly FakeRunner _runner = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly Room _room;
    private readonly SessionHost _host;
    private readonly ExecutionQueue _queue;

    public SessionHostTests()
    {
        var options = new ExecutionOptions { Slots = 1, LiveSlots = 1, Sessions = 4 };
        var metrics = new ExecutionMetrics(new TestMeters());
        var room = DispatchProxy.Create<IRoomGrain, Room>();
        _room = (Room)(object)room;
        var grains = DispatchProxy.Create<IGrainFactory, Grains>();
        ((Grains)(object)grains).Room = room;
        _queue = new ExecutionQueue(_runner, options, metrics, _clock, NullLogger<ExecutionQueue>.Instance);
        _host = new SessionHost(_runner, _queue, options, metrics, grains, _clock, NullLogger<SessionHost>.Instance);
    }

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task Terminal_at_which_nobody_types_ends_after_the_idle_limit_and_typing_starts_it_anew()
    {
        var session = await OpenAsync();
        _clock.Advance(SessionLimits.Idle - _moment);
        _host.Input("room", session.Id, "x"u8.ToArray()).IsError.ShouldBeFalse();
        _clock.Advance(SessionLimits.Idle - _moment);
        _room.Ended.IsCompleted.ShouldBeFalse();
        _host.Open.ShouldBe(1);
        _clock.Advance(_moment);
        (await _room.Ended.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken)).Reason.ShouldBe("idle");
        _host.Open.ShouldBe(0);
        _host.Input("room", session.Id, "x"u8.ToArray()).Error.ShouldBe(SessionErrors.NotFound);
    }

    /// <summary>What the program writes is nobody's typing, nor is a new size.</summary>
    [Fact]
    public async Task Output_and_new_sizes_do_not_keep_a_terminal_open()
    {
        var asked = RunUntilCancelled();
        var session = await OpenAsync();
        var (_, write) = await asked;
        _clock.Advance(SessionLimits.Idle - _moment);
        await write(new RunChunk("stdout", "tick", 0));
        _host.Resize("room", session.Id, new RunTerminal(100, 40)).IsError.ShouldBeFalse();
        _clock.Advance(_moment);
        (await _room.Ended.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken)).Reason.ShouldBe("idle");
    }

    /// <summary>The runner is told the limit; one that does not keep it is told to end by the host, however much is typed.</summary>
    [Fact]
    public async Task Terminal_ends_after_half_an_hour_however_much_is_typed()
    {
        var asked = RunUntilCancelled();
        var session = await OpenAsync();
        var (job, _) = await asked;
        job.Limits.Wall.ShouldBe(TimeSpan.FromMinutes(30));
        job.Limits.Wall.ShouldBe(SessionLimits.Wall);
        await TypeUntilAsync(session, SessionLimits.Wall + ExecutionLimits.Preparation - _moment);
        _room.Ended.IsCompleted.ShouldBeFalse();
        _clock.Advance(_moment);
        (await _room.Ended.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken)).Reason.ShouldBe("time_limit");
        _host.Open.ShouldBe(0);
    }

    [Fact]
    public async Task Runner_that_keeps_no_limit_and_hears_nothing_is_given_up()
    {
        var never = new TaskCompletionSource<RunOutcome>();
        _runner.Behaviour = (_, _, _, _) => never.Task;
        var session = await OpenAsync();
        await TypeUntilAsync(session, SessionLimits.Wall + ExecutionLimits.Preparation);
        _room.Ended.IsCompleted.ShouldBeFalse();
        _clock.Advance(ExecutionLimits.GiveUp);
        (await _room.Ended.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken)).Reason.ShouldBe("time_limit");
        never.SetResult(FakeRunner.Success());
        _room.Ends.ShouldBe(1);
    }

    /// <summary>The next program goes on until it is told to end; what its runner was given, once it was.</summary>
    private Task<(RunJob Job, Func<RunChunk, ValueTask> Write)> RunUntilCancelled()
    {
        var asked = new TaskCompletionSource<(RunJob, Func<RunChunk, ValueTask>)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _runner.Behaviour = async (job, _, write, cancel) =>
        {
            asked.SetResult((job, write));
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return FakeRunner.Success();
        };
        return asked.Task.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken);
    }

    private async Task<Session> OpenAsync()
    {
        var opened = _host.Start("room", "ada", "Ada", new SessionRequest("python", "", 80, 24));
        opened.Error.ShouldBeNull();
        await _runner.StartedAsync();
        return opened.Value!;
    }

    private async Task TypeUntilAsync(Session session, TimeSpan total)
    {
        for (var at = TimeSpan.Zero; at < total;)
        {
            var step = total - at < SessionLimits.Idle / 2 ? total - at : SessionLimits.Idle / 2;
            _clock.Advance(step);
            at += step;
            _host.Input("room", session.Id, "x"u8.ToArray()).IsError.ShouldBeFalse();
            await Task.Yield();
        }
    }

    /// <summary>A room that hears of terminals and of nothing else.</summary>
#pragma warning disable CA1852 // The proxy derives from it.
    internal class Room : DispatchProxy
    {
        private readonly TaskCompletionSource<SessionEndedEvent> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<SessionEndedEvent> Ended => _ended.Task;

        public int Ends { get; private set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            targetMethod!.Name.ShouldBe(nameof(IRoomGrain.ReportSessionAsync));
            if (args![0] is SessionEndedEvent end)
            {
                Ends++;
                _ended.TrySetResult(end);
            }

            return Task.FromResult(true);
        }
    }

    internal class Grains : DispatchProxy
    {
        public IRoomGrain? Room { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Room;
    }
#pragma warning restore CA1852
}
