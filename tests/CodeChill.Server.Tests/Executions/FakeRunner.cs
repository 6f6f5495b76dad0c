using System.Collections.Concurrent;
using System.Threading.Channels;
using CodeChill.Server.Executions;

namespace CodeChill.Server.Tests.Executions;

/// <summary>A runner that does what a test tells it to: it may be slow, throw, repeat itself, block, or never come back.</summary>
internal sealed class FakeRunner : IRunner
{
    private readonly ConcurrentDictionary<string, Channel<RunOutcome>> _ends = new();
    private readonly Channel<string> _started = Channel.CreateUnbounded<string>();

    public string? Unavailable { get; set; }

    public RunnerCapabilities Capabilities { get; set; } = new("sandbox", true, true, 1);

    public IReadOnlyList<RunnerLanguage> Languages { get; set; } = [new("python", true, "3", null, true), new("ruby", false, null, "not installed")];

    public List<string> Prepared { get; } = [];

    public void Prepare(string language) => Prepared.Add(language);

    /// <summary>What a run does; null is to wait for <see cref="End"/> or the cancellation.</summary>
    public Func<RunJob, ChannelReader<RunInput>?, Func<RunChunk, ValueTask>, CancellationToken, Task<RunOutcome>>? Behaviour { get; set; }

    public static RunOutcome Success(string output = "") => new("completed", "success", output, "", null, 0, 0.1, 1000);

    public async Task<RunOutcome> RunAsync(RunJob job, ChannelReader<RunInput>? input, Func<RunChunk, ValueTask> onOutput, CancellationToken cancel)
    {
        _started.Writer.TryWrite(job.ExecutionId);
        if (Behaviour is { } behaviour)
            return await behaviour(job, input, onOutput, cancel);
        return await EndOf(job.ExecutionId).Reader.ReadAsync(cancel);
    }

    /// <summary>The id of the next run that was started.</summary>
    public async Task<string> StartedAsync() => await _started.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

    public void End(string id) => EndOf(id).Writer.TryWrite(Success());

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    private Channel<RunOutcome> EndOf(string id) => _ends.GetOrAdd(id, _ => Channel.CreateUnbounded<RunOutcome>());
}

/// <summary>Hears everything of one run, in order, as text.</summary>
internal sealed class FakeReceiver : IRunReceiver
{
    private readonly List<string> _heard = [];
    private readonly TaskCompletionSource<RunOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Func<RunChunk, Task>? OnOutput { get; set; }

    public Func<Task>? OnEnd { get; set; }

    public Task<RunOutcome> Ended => _ended.Task.WaitAsync(FakeRunner.Patience);

    public int Ends { get; private set; }

    public IReadOnlyList<string> Heard
    {
        get
        {
            lock (_heard)
                return [.. _heard];
        }
    }

    public void Moved(int position) => Hear($"place {position}");

    public Task StartedAsync()
    {
        Hear("started");
        return Task.CompletedTask;
    }

    public Task OutputAsync(RunChunk chunk)
    {
        Hear($"{chunk.Seq} {chunk.Stream} {chunk.Text}");
        return OnOutput?.Invoke(chunk) ?? Task.CompletedTask;
    }

    public async Task EndedAsync(RunOutcome outcome)
    {
        Ends++;
        Hear($"ended {outcome.Verdict}");
        _ended.TrySetResult(outcome);
        if (OnEnd is not null)
            await OnEnd();
    }

    private void Hear(string what)
    {
        lock (_heard)
            _heard.Add(what);
    }
}

/// <summary>Meters for things that want a factory of them.</summary>
internal sealed class TestMeters : System.Diagnostics.Metrics.IMeterFactory
{
    public System.Diagnostics.Metrics.Meter Create(System.Diagnostics.Metrics.MeterOptions options) => new(options);

    public void Dispose()
    {
    }
}
