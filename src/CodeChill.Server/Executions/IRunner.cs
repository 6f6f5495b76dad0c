namespace CodeChill.Server.Executions;

/// <summary>
/// Where programs run: the embedded sandbox, a Judge0, later a runner on another machine. A runner knows nothing of rooms; what goes in and
/// comes out are messages, never shared objects.
/// </summary>
internal interface IRunner
{
    /// <summary>Why nothing can run at all, or null when something can.</summary>
    string? Unavailable { get; }

    /// <summary>What it can run, by the contract's names.</summary>
    IReadOnlyList<RunnerLanguage> Languages { get; }

    /// <summary>Runs one program to its end. Never throws for what the program does; cancelling ends it.</summary>
    Task<RunOutcome> RunAsync(RunJob job, Func<RunChunk, ValueTask> onOutput, CancellationToken cancel);
}

internal sealed record RunnerLanguage(string Name, bool Available, string? Version, string? Reason);

internal sealed record RunJob(string ExecutionId, string RoomId, string UserId, ExecutionRequest Request);

/// <summary>A piece of output as it came; <see cref="Stream"/> is stdout, stderr or compile.</summary>
internal readonly record struct RunChunk(string Stream, string Text, int Seq);

/// <summary>How a run ended, in the words of the record: <c>completed</c> when the program ran and ended by itself with 0, else <c>failed</c> and the verdict says why.</summary>
internal sealed record RunOutcome(
    string Status,
    string Verdict,
    string? Output = null,
    string? ErrorOutput = null,
    string? CompileOutput = null,
    int? ExitCode = null,
    double? Seconds = null,
    long? Kilobytes = null)
{
    public static RunOutcome Failed(string verdict, string why) => new("failed", verdict, ErrorOutput: why);
}
