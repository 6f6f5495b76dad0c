using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Executions;

public sealed class ExecutionQueueTests : IAsyncLifetime
{
    private readonly FakeRunner _runner = new();
    private readonly ScopedLogger _log = new();
    private readonly WatchedClock _clock = new();
    private readonly ExecutionQueue _queue;
    private int _count;

    public ExecutionQueueTests() => _queue = new ExecutionQueue(
        _runner,
        new ExecutionOptions { Slots = 1, LiveSlots = 1, Sessions = 1 },
        new ExecutionMetrics(new TestMeters()),
        _clock,
        _log);

    public async ValueTask InitializeAsync() => await _queue.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _queue.StopAsync(CancellationToken.None);
        _queue.Dispose();
    }

    [Fact]
    public async Task A_run_starts_writes_and_ends_once()
    {
        _runner.Behaviour = async (_, _, output, _) =>
        {
            await output(new RunChunk("stdout", "a", 0));
            await output(new RunChunk("stderr", "b", 1));
            return FakeRunner.Success("a");
        };
        var (_, receiver) = Enqueue();
        (await receiver.Ended).Status.ShouldBe("completed");
        receiver.Heard.ShouldBe(["started", "0 stdout a", "1 stderr b", "ended success"]);
    }

    [Fact]
    public async Task Output_that_is_repeated_or_comes_too_late_is_dropped_and_the_rest_is_numbered_here()
    {
        Func<RunChunk, ValueTask>? late = null;
        _runner.Behaviour = async (_, _, output, _) =>
        {
            late = output;
            foreach (var seq in new[] { 3, 3, 7, 5, 7, 8 })
                await output(new RunChunk("stdout", $"[{seq}]", seq));
            return FakeRunner.Success();
        };
        var (_, receiver) = Enqueue();
        await receiver.Ended;
        await late!(new RunChunk("stdout", "after the end", 99));
        receiver.Heard.ShouldBe(["started", "0 stdout [3]", "1 stdout [7]", "2 stdout [8]", "ended success"]);
    }

    [Fact]
    public async Task A_run_is_a_span_below_its_asker_and_what_is_logged_of_it_carries_its_id()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        string? inside = null;
        _runner.Behaviour = (_, _, _, _) =>
        {
            inside = Activity.Current?.SpanId.ToHexString();
            throw new IOException("the network cable");
        };
        string id, asker;
        FakeReceiver receiver;
        using (var asking = new Activity("asking").Start())
        {
            asker = asking.SpanId.ToHexString();
            (id, receiver) = Enqueue(onEnd: () => throw new InvalidOperationException("nobody is there"));
        }

        await receiver.Ended;
        // The end is reported, and its failure logged, inside the span.
        while (!spans.Any(s => Equals(s.GetTagItem("codechill.execution.id"), id)))
            await Task.Yield();
        var span = spans.Single(s => Equals(s.GetTagItem("codechill.execution.id"), id));
        span.OperationName.ShouldBe("run");
        span.ParentSpanId.ToHexString().ShouldBe(asker);
        span.SpanId.ToHexString().ShouldBe(inside);
        span.GetTagItem("codechill.room.id").ShouldNotBeNull();
        span.GetTagItem("codechill.language").ShouldBe("python");
        span.GetTagItem("codechill.verdict").ShouldBe("internal_error");
        span.Status.ShouldBe(ActivityStatusCode.Error);
        _log.Lines.Where(l => l.ExecutionId == id).Select(l => l.Line).ShouldBe([$"The runner failed on {id}", $"The end of run {id} was not reported"]);
        _log.Lines.ShouldAllBe(l => l.ExecutionId == id);
    }

    [Fact]
    public async Task What_may_come_is_prepared_for_while_nothing_runs()
    {
        _queue.Prepare("java");
        var (id, receiver) = Enqueue();
        await _runner.StartedAsync();
        _queue.Prepare("kotlin");
        _runner.End(id);
        await receiver.Ended;
        _queue.Prepare("csharp");
        _runner.Prepared.ShouldBe(["java", "csharp"]);
    }

    [Fact]
    public async Task A_slow_receiver_holds_the_program_up()
    {
        var gate = new TaskCompletionSource();
        var passed = 0;
        _runner.Behaviour = async (_, _, output, _) =>
        {
            for (var i = 0; i < 3; i++)
            {
                await output(new RunChunk("stdout", "x", i));
                passed = i + 1;
            }

            return FakeRunner.Success();
        };
        var first = new TaskCompletionSource();
        var (_, receiver) = Enqueue(onOutput: async chunk =>
        {
            first.TrySetResult();
            await gate.Task;
        });
        await first.Task.WaitAsync(FakeRunner.Patience, TestContext.Current.CancellationToken);
        passed.ShouldBe(0);
        gate.SetResult();
        await receiver.Ended;
        passed.ShouldBe(3);
    }

    [Fact]
    public async Task A_runner_that_throws_fails_the_run_and_the_slot_goes_on()
    {
        _runner.Behaviour = (_, _, _, _) => throw new IOException("the network cable");
        var (_, first) = Enqueue();
        (await first.Ended).Verdict.ShouldBe("internal_error");
        (await first.Ended).ErrorOutput!.ShouldNotContain("cable");
        _runner.Behaviour = null;
        var (id, second) = Enqueue();
        await _runner.StartedAsync();
        _runner.End(id);
        await second.Ended;
        first.Ends.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_runner_that_never_ends_is_given_up_within_the_limit_and_five_seconds(bool blocks)
    {
        using var release = new ManualResetEventSlim();
        _runner.Behaviour = async (_, _, _, _) =>
        {
            if (blocks)
                release.Wait(TestContext.Current.CancellationToken);
            else
                await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            return FakeRunner.Success();
        };
        var (_, stuck) = Enqueue();
        var id = await _runner.StartedAsync();
        id.ShouldNotBeNull();
        var limit = ExecutionLimits.Preparation + ExecutionLimits.Wall;
        await _clock.WaitStartedAsync(limit);
        _clock.Advance(limit);
        ExecutionLimits.GiveUp.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        await _clock.WaitStartedAsync(ExecutionLimits.GiveUp);
        _clock.Advance(ExecutionLimits.GiveUp);
        await stuck.Ended.WaitAsync(FakeRunner.Patience);
        (await stuck.Ended).Status.ShouldBe("failed");
        (await stuck.Ended).Verdict.ShouldBe("time_limit");
        _runner.Behaviour = null;
        var (next, other) = Enqueue();
        while (await _runner.StartedAsync() != next)
        {
        }

        _runner.End(next);
        (await other.Ended).Verdict.ShouldBe("success");
        release.Set();
        stuck.Ends.ShouldBe(1);
    }

    [Fact]
    public async Task A_receiver_that_throws_costs_nobody_else_anything()
    {
        _runner.Behaviour = async (_, _, output, _) =>
        {
            await output(new RunChunk("stdout", "x", 0));
            return FakeRunner.Success();
        };
        var (_, bad) = Enqueue(onOutput: _ => throw new InvalidOperationException(), onEnd: () => throw new InvalidOperationException());
        (await bad.Ended).Verdict.ShouldBe("success");
        var (_, good) = Enqueue();
        (await good.Ended).Verdict.ShouldBe("success");
    }

    [Fact]
    public async Task A_waiting_run_is_stopped_at_once_and_a_running_one_by_its_runner()
    {
        var (running, first) = Enqueue();
        await _runner.StartedAsync();
        var (waiting, second) = Enqueue();
        _queue.Stop("room", "nonsense").ShouldBeFalse();
        _queue.Stop("another room", waiting).ShouldBeFalse();
        _queue.Stop("room", waiting).ShouldBeTrue();
        (await second.Ended).Verdict.ShouldBe("stopped");
        second.Heard.ShouldBe(["ended stopped"]);
        _queue.Stop("room", waiting).ShouldBeFalse();
        _queue.Stop("room", running).ShouldBeTrue();
        (await first.Ended).Verdict.ShouldBe("stopped");
        first.Heard.ShouldBe(["started", "ended stopped"]);
    }

    [Fact]
    public async Task Places_are_told_as_they_go_down()
    {
        var (running, _) = Enqueue();
        await _runner.StartedAsync();
        var (b, second) = Enqueue(room: "other", expected: 1);
        var (c, third) = Enqueue(room: "other", expected: 2);
        // Eve had no turn yet: she comes before both, and nobody is told of a place that got worse.
        var (d, _) = Enqueue(room: "other", user: "eve", expected: 1);
        _runner.End(running);
        (await _runner.StartedAsync()).ShouldBe(d);
        third.Heard.ShouldBeEmpty();
        _runner.End(d);
        (await _runner.StartedAsync()).ShouldBe(b);
        third.Heard.ShouldBe(["place 1"]);
        _runner.End(b);
        (await _runner.StartedAsync()).ShouldBe(c);
        _runner.End(c);
        await third.Ended;
        second.Heard.ShouldBe(["started", "ended success"]);
        third.Heard.ShouldBe(["place 1", "started", "ended success"]);
    }

    [Fact]
    public async Task Places_are_bounded_per_user_room_and_process_and_say_how_long_to_wait()
    {
        for (var i = 0; i < ExecutionLimits.OpenPerUser; i++)
            _queue.Admit("r", "ada", "python").IsError.ShouldBeFalse();
        var third = _queue.Admit("r", "ada", "python");
        third.Error.ShouldBe(ExecutionErrors.TooMany);
        third.Error!.RetryAfter.ShouldNotBeNull();
        var places = Enumerable.Range(0, ExecutionLimits.OpenPerRoom - ExecutionLimits.OpenPerUser).Select(i => _queue.Admit("r", $"user {i}", "python")).ToList();
        places.ShouldAllBe(p => !p.IsError);
        _queue.Admit("r", "one more", "python").Error.ShouldBe(ExecutionErrors.TooMany);
        _queue.Release(places[0].Value!);
        _queue.Admit("r", "one more", "python").IsError.ShouldBeFalse();
        var admitted = Enumerable.Range(0, ExecutionLimits.Queue).Count(i => !_queue.Admit($"room {i}", $"somebody {i}", "python").IsError);
        admitted.ShouldBe(ExecutionLimits.Queue - ExecutionLimits.OpenPerRoom);
        _queue.Admit("last", "last", "python").Error.ShouldBe(ExecutionErrors.QueueFull);
        await Task.CompletedTask;
    }

    [Fact]
    public void Who_starts_too_many_a_minute_is_told_to_wait()
    {
        var refused = Enumerable.Range(0, 40).Select(_ =>
        {
            var place = _queue.Admit("r", "ada", "python");
            if (place.Value is { } taken)
                _queue.Release(taken);
            return place.Error;
        }).First(error => error is not null);
        refused!.Code.ShouldBe("execution.too_fast");
        refused.RetryAfter.ShouldNotBeNull();
        _clock.Advance(refused.RetryAfter!.Value);
        _queue.Admit("r", "ada", "python").IsError.ShouldBeFalse();
    }

    [Fact]
    public void What_cannot_run_here_is_not_let_in()
    {
        _queue.Admit("r", "ada", "ruby").Error!.Message.ShouldContain("not installed");
        _queue.Admit("r", "ada", "klingon").Error.ShouldBe(ExecutionErrors.UnsupportedLanguage);
        _runner.Capabilities = new("judge0", LiveInput: false, Sessions: false, 4);
        _queue.Admit("r", "ada", "python", takesInput: true).Error.ShouldBe(ExecutionErrors.NoLiveInput);
        _runner.Unavailable = "no bubblewrap";
        _queue.Admit("r", "ada", "python").Error!.Message.ShouldContain("no bubblewrap");
    }

    [Fact]
    public async Task Live_input_goes_in_in_order_is_bounded_and_ends()
    {
        var read = new StringBuilder();
        var go = new TaskCompletionSource();
        _runner.Behaviour = async (_, input, _, cancel) =>
        {
            await go.Task.WaitAsync(cancel);
            await foreach (var piece in input!.ReadAllAsync(cancel))
                read.Append(Encoding.UTF8.GetString(piece.Data.Span));
            return FakeRunner.Success();
        };
        var (plain, _) = Enqueue();
        var (live, receiver) = Enqueue(takesInput: true);
        await _runner.StartedAsync();
        await _runner.StartedAsync();
        _queue.Input("room", plain, "x"u8.ToArray(), false).Error.ShouldBe(ExecutionErrors.TakesNoInput);
        _queue.Input("elsewhere", live, "x"u8.ToArray(), false).Error.ShouldBe(ExecutionErrors.NotRunning);
        var piece = new byte[16 * 1024];
        Array.Fill(piece, (byte)'a');
        for (var i = 0; i < 4; i++)
            _queue.Input("room", live, piece, false).IsError.ShouldBeFalse();
        _queue.Input("room", live, "b"u8.ToArray(), false).Error.ShouldBe(ExecutionErrors.InputFull);
        _queue.Input("room", live, ReadOnlyMemory<byte>.Empty, true).IsError.ShouldBeFalse();
        _queue.Input("room", live, "b"u8.ToArray(), false).Error.ShouldBe(ExecutionErrors.InputEnded);
        go.SetResult();
        await receiver.Ended;
        read.Length.ShouldBe(4 * 16 * 1024);
        _queue.Input("room", live, "b"u8.ToArray(), false).Error.ShouldBe(ExecutionErrors.NotRunning);
    }

    [Fact]
    public async Task A_stop_of_the_server_ends_what_runs_and_what_waits_once()
    {
        var (_, running) = Enqueue();
        await _runner.StartedAsync();
        var (_, waiting) = Enqueue();
        await _queue.StopAsync(CancellationToken.None);
        (await running.Ended).Verdict.ShouldBe("interrupted");
        (await waiting.Ended).Verdict.ShouldBe("interrupted");
        var (_, late) = Enqueue();
        (await late.Ended).Verdict.ShouldBe("interrupted");
        (running.Ends, waiting.Ends, late.Ends).ShouldBe((1, 1, 1));
    }

    private (string Id, FakeReceiver Receiver) Enqueue(
        string room = "room", string user = "ada", bool takesInput = false, int? expected = null, Func<RunChunk, Task>? onOutput = null, Func<Task>? onEnd = null)
    {
        var id = $"run {Interlocked.Increment(ref _count)}";
        var receiver = new FakeReceiver { OnOutput = onOutput, OnEnd = onEnd };
        var position = _queue.Enqueue(new RunJob(id, room, user, new ExecutionRequest("python", "1", null)) { TakesInput = takesInput }, receiver);
        if (expected is { } place)
            position.ShouldBe(place);
        return (id, receiver);
    }

    /// <summary>Moves the clock a second at a time until the task is done, and fails when that takes longer than the limit.</summary>

    /// <summary>A clock that tells when somebody starts to wait for a given time: only then does it make sense to let that time pass.</summary>
    /// <summary>Keeps lines with the execution id that was in scope when they were written.</summary>
    private sealed class ScopedLogger : ILogger<ExecutionQueue>
    {
        private readonly AsyncLocal<string?> _id = new();

        public ConcurrentQueue<(string? ExecutionId, string Line)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            _id.Value = state is IEnumerable<KeyValuePair<string, object>> pairs ? pairs.FirstOrDefault(p => p.Key == "ExecutionId").Value as string : null;
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Lines.Enqueue((_id.Value, formatter(state, exception)));
    }

    private sealed class WatchedClock : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.Writer.TryWrite(dueTime);
            return timer;
        }

        public async Task WaitStartedAsync(TimeSpan time)
        {
            using var patience = new CancellationTokenSource(FakeRunner.Patience);
            while (await _waits.Reader.ReadAsync(patience.Token) != time)
            {
            }
        }
    }
}
