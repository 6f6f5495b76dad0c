using System.Text;
using System.Threading.Channels;
using CodeChill.Sandbox;

namespace CodeChill.Server.Executions;

/// <summary>
/// Runs programs in the embedded sandbox. Its self-test runs at start, beside everything else: runs that come meanwhile wait for it, and when
/// it fails they are refused with the reason. There is no way around it: nothing is ever run outside a box.
/// </summary>
internal sealed class LocalRunner(ExecutionOptions options, ILogger<LocalRunner> logger) : BackgroundService, IRunner
{
    /// <summary>Sizes of a terminal that waits to be passed on; only the last one matters.</summary>
    private const int PendingResizes = 4;

    private readonly TaskCompletionSource _tested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SandboxRunner? _sandbox;
    private string? _failure;

    public string? Unavailable => _sandbox is { } sandbox ? sandbox.Report.Available ? null : sandbox.Report.Reason ?? "the sandbox failed its self-test" : _failure;

    public RunnerCapabilities Capabilities { get; } = new("sandbox", LiveInput: true, Sessions: true, options.Slots);

    /// <summary>Until the self-test is through every language counts as there: saying no to people who open a room in that second would be wrong more often.</summary>
    public IReadOnlyList<RunnerLanguage> Languages
        => _sandbox is { } sandbox
            ? [.. sandbox.Languages.Select(l => new RunnerLanguage(l.Name, l.Available, l.Version, l.Reason, l.Interactive))]
            : [.. LanguageCatalog.All.Select(l => new RunnerLanguage(l.Name, true, null, null, l.Interactive))];

    public async Task<RunOutcome> RunAsync(RunJob job, ChannelReader<RunInput>? input, Func<RunChunk, ValueTask> onOutput, CancellationToken cancel)
    {
        await _tested.Task.WaitAsync(cancel);
        if (_sandbox is not { } sandbox || Unavailable is not null)
            return RunOutcome.Failed("sandbox_unavailable", $"Code execution is unavailable: {Unavailable}");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (bytes, sizes) = input is null ? (null, null) : Split(input, over.Token);
        var result = await sandbox.RunAsync(
            new RunRequest
            {
                Language = job.Request.Language,
                Source = job.Request.SourceCode,
                Stdin = Encoding.UTF8.GetBytes(job.Request.Input ?? ""),
                Input = bytes,
                Terminal = job.Terminal is { } terminal ? new TerminalSize(terminal.Columns, terminal.Rows) : null,
                Resizes = job.Terminal is null ? null : sizes,
                Limits = LimitsOf(job.Limits),
                // A waiting compiler that has compiled for this room may compile for it again.
                Owner = job.RoomId,
            },
            async chunk =>
            {
                if (chunk.Text.Length > 0)
                    await onOutput(new RunChunk(NameOf(chunk.Stream), chunk.Text, chunk.Seq));
            },
            cancel);
        await over.CancelAsync();
        return new RunOutcome(
            result.Status == RunStatus.Success ? "completed" : "failed",
            VerdictOf(result.Status),
            result.Stdout,
            // Why a limit ended it belongs where people look for what went wrong.
            result.Status is RunStatus.Success or RunStatus.RuntimeError or RunStatus.CompileError || result.Message.Length == 0
                ? result.Stderr
                : result.Stderr.Length == 0 ? result.Message : $"{result.Stderr.TrimEnd('\n')}\n{result.Message}",
            result.CompileOutput.Length == 0 ? null : result.CompileOutput,
            result.ExitCode,
            result.Wall.TotalSeconds,
            result.PeakMemoryBytes / 1024);
    }

    public void Prepare(string language) => _sandbox?.Prepare(language);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            _sandbox = await SandboxRunner.CreateAsync(
                new SandboxOptions
                {
                    // People at a terminal keep a slot for long and use it little: theirs are beside those that programs take turns in.
                    MaxParallelRuns = options.Slots + options.LiveSlots + options.Sessions,
                    Log = message => logger.LogInformation("Sandbox: {Message}", message),
                },
                stoppingToken);
            var report = _sandbox.Report;
            if (report.Available)
            {
                logger.LogInformation(
                    "Sandbox ready ({Limits}): {Languages}", report.Limits, string.Join(", ", _sandbox.Languages.Where(l => l.Available).Select(l => l.Name)));
            }
            else
            {
                logger.LogWarning("Programs cannot be run here: {Reason}. Fix: {Fix}", report.Reason, string.Join("; ", report.Fix));
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            logger.LogError(failure, "The sandbox could not be started");
            _failure = "the sandbox could not be started";
        }
        finally
        {
            _tested.TrySetResult();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_sandbox is { } sandbox)
            await sandbox.DisposeAsync();
    }

    private static RunLimits LimitsOf(RunJobLimits asked)
    {
        var limits = new RunLimits();
        return limits with
        {
            Cpu = asked.Cpu ?? limits.Cpu,
            Wall = asked.Wall ?? limits.Wall,
            MemoryBytes = asked.MemoryKilobytes * 1024 ?? limits.MemoryBytes,
            OutputBytes = asked.OutputBytes ?? limits.OutputBytes,
            Processes = asked.Processes ?? limits.Processes,
        };
    }

    /// <summary>One stream of messages into the two that the sandbox takes. What the program does not read waits here, and then where it came from.</summary>
    private static (ChannelReader<ReadOnlyMemory<byte>> Bytes, ChannelReader<TerminalSize> Sizes) Split(ChannelReader<RunInput> input, CancellationToken over)
    {
        var bytes = Channel.CreateBounded<ReadOnlyMemory<byte>>(1);
        var sizes = Channel.CreateBounded<TerminalSize>(new BoundedChannelOptions(PendingResizes) { FullMode = BoundedChannelFullMode.DropOldest });
        _ = PassAsync();
        return (bytes.Reader, sizes.Reader);

        async Task PassAsync()
        {
            try
            {
                await foreach (var message in input.ReadAllAsync(over))
                {
                    if (message.Resized is { } size)
                        sizes.Writer.TryWrite(new TerminalSize(size.Columns, size.Rows));
                    if (message.Data.Length > 0)
                        await bytes.Writer.WriteAsync(message.Data, over);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or ChannelClosedException)
            {
                // The run is over: what nobody read is of no interest.
            }

            bytes.Writer.TryComplete();
            sizes.Writer.TryComplete();
        }
    }

    private static string NameOf(OutputStream stream) => stream switch
    {
        OutputStream.Stderr => "stderr",
        OutputStream.Compile => "compile",
        _ => "stdout",
    };

    private static string VerdictOf(RunStatus status) => status switch
    {
        RunStatus.Success => "success",
        RunStatus.CompileError => "compile_error",
        RunStatus.RuntimeError => "runtime_error",
        RunStatus.TimeLimit => "time_limit",
        RunStatus.MemoryLimit => "memory_limit",
        RunStatus.OutputLimit => "output_limit",
        RunStatus.ProcessLimit => "process_limit",
        RunStatus.Cancelled => "stopped",
        _ => "sandbox_unavailable",
    };
}
