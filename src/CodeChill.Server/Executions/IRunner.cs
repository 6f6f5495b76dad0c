using System.Threading.Channels;

namespace CodeChill.Server.Executions;

/// <summary>
/// Where programs run: the embedded sandbox, a Judge0, later a runner on another machine. A runner knows nothing of rooms, queues or records;
/// what goes in (a job, then input) and what comes out (chunks, then one outcome) are messages, never shared objects. Who calls it renumbers
/// what it says, ignores what comes after the outcome, and gives up on it after a deadline: a runner may be slow, repeat itself, or die.
/// </summary>
internal interface IRunner
{
    /// <summary>Why nothing can run at all, or null when something can.</summary>
    string? Unavailable { get; }

    /// <summary>What it can do beside running a program to its end.</summary>
    RunnerCapabilities Capabilities { get; }

    /// <summary>What it can run, by the contract's names.</summary>
    IReadOnlyList<RunnerLanguage> Languages { get; }

    /// <summary>Runs one program to its end. Never throws for what the program does; cancelling ends it.</summary>
    /// <param name="job">The program, its input and its limits.</param>
    /// <param name="input">
    /// What people send while it runs: input after <see cref="ExecutionRequest.Input"/>, new sizes of the terminal. Its completion is the end of
    /// input. Null, unless <see cref="RunJob.TakesInput"/>: input ends with what the job brings. Only a runner that says
    /// <see cref="RunnerCapabilities.LiveInput"/> is given one.
    /// </param>
    /// <param name="onOutput">
    /// Takes output, one piece at a time, in order: while it has not returned, the program waits. A runner that learns the output at the end only
    /// may call it once a stream, or not at all.
    /// </param>
    /// <param name="cancel">Ends the run.</param>
    Task<RunOutcome> RunAsync(RunJob job, ChannelReader<RunInput>? input, Func<RunChunk, ValueTask> onOutput, CancellationToken cancel);

    /// <summary>Says that programs of a language will come soon. Returns at once; what is done about it, if anything, is bounded by the runner.</summary>
    /// <param name="language">The contract's name.</param>
    void Prepare(string language)
    {
    }

    /// <summary>The name under which a service outside knows the run, once it has one; null when there is no such service.</summary>
    Task<string?> TokenOfAsync(string executionId, CancellationToken cancel) => Task.FromResult<string?>(null);
}

/// <param name="Kind">What the language list calls it: "sandbox" or "judge0".</param>
/// <param name="LiveInput">Takes input while a program runs.</param>
/// <param name="Sessions">Runs programs, and prompts of languages, on a terminal.</param>
/// <param name="Slots">Runs at one time; more wait in the queue, where they are taken in fair turns.</param>
internal sealed record RunnerCapabilities(string Kind, bool LiveInput, bool Sessions, int Slots);

/// <param name="Reason">Why it is not available and what helps.</param>
/// <param name="Interactive">It has a prompt of its own: a terminal without a program.</param>
internal sealed record RunnerLanguage(string Name, bool Available, string? Version, string? Reason, bool Interactive = false);

/// <summary>What to run and how. The deadline of the whole job is the caller's.</summary>
internal sealed record RunJob(string ExecutionId, string RoomId, string UserId, ExecutionRequest Request)
{
    /// <summary>Limits of the run step that differ from the runner's own.</summary>
    public RunJobLimits Limits { get; init; } = new();

    /// <summary>Input goes on after <see cref="ExecutionRequest.Input"/>.</summary>
    public bool TakesInput { get; init; }

    /// <summary>On a terminal of this size instead of pipes. With an empty source: the language's prompt.</summary>
    public RunTerminal? Terminal { get; init; }
}

/// <param name="Cpu">Processor time of the run step.</param>
/// <param name="Wall">Time of the run step by the clock.</param>
/// <param name="MemoryKilobytes">Memory of the run step.</param>
/// <param name="OutputBytes">Output and error output together.</param>
/// <param name="Processes">Processes and threads at one time.</param>
internal sealed record RunJobLimits(
    TimeSpan? Cpu = null, TimeSpan? Wall = null, long? MemoryKilobytes = null, long? OutputBytes = null, int? Processes = null);

internal readonly record struct RunTerminal(int Columns, int Rows);

/// <summary>Something people sent while a program runs: bytes for its input, or a new size of its terminal.</summary>
internal readonly record struct RunInput(ReadOnlyMemory<byte> Data, RunTerminal? Resized = null);

/// <summary>A piece of output as it came; <see cref="Stream"/> is stdout, stderr or compile. <see cref="Seq"/> counts up within a run.</summary>
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
