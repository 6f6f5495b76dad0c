using System.Security.Cryptography;
using System.Threading.Channels;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>
/// Theory of operation. With <c>JUDGE0_API_URL</c> set, programs run there. A run is handed over (again, while Judge0's queue is full or it does
/// not answer), and then looked at with growing pauses until it is done. Nothing Judge0 does can keep a run open: from the hand-over on one
/// deadline runs, and whatever happens ends in exactly one outcome with a sentence that says what was wrong. A hand-over whose answer was lost
/// is repeated: a program may then run twice there, but only the one whose token we hold is ever looked at. Which languages there are, and
/// under which ids, is asked at start and every hour; until the first answer the contract's ids are taken to be right.
/// </summary>
internal sealed class Judge0Runner(Judge0Client client, Judge0Options options, Judge0Tokens tokens, TimeProvider clock, ILogger<Judge0Runner> logger)
    : BackgroundService, IRunner
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyDictionary<string, Judge0Language>? _languages;
    private volatile bool _keyRefused;

    /// <summary>Only what no retry can mend: a service that does not answer at the moment may be back for the next run.</summary>
    public string? Unavailable => _keyRefused ? "Judge0 does not accept this server's key" : null;

    public RunnerCapabilities Capabilities { get; } = new("judge0", LiveInput: false, Sessions: false, options.Concurrency);

    public IReadOnlyList<RunnerLanguage> Languages
        => _languages is { } known
            ? [.. LanguageCatalog.All.Select(l => known.TryGetValue(l.Name, out var there)
                ? new RunnerLanguage(l.Name, true, there.Version, null)
                : new RunnerLanguage(l.Name, false, null, $"this Judge0 has no {l.DisplayName}"))]
            : [.. LanguageCatalog.All.Select(l => new RunnerLanguage(l.Name, true, null, null))];

    public Task<string?> TokenOfAsync(string executionId, CancellationToken cancel) => tokens.WaitAsync(executionId, cancel);

    public async Task<RunOutcome> RunAsync(RunJob job, ChannelReader<RunInput>? input, Func<RunChunk, ValueTask> onOutput, CancellationToken cancel)
    {
        var trouble = "it is still in Judge0's queue or running";
        using var deadline = new CancellationTokenSource(options.Deadline, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            var submission = await SubmissionAsync(job, either.Token);
            var token = await SubmitAsync(submission, message => trouble = message, either.Token);
            tokens.Found(job.ExecutionId, token);
            logger.LogDebug("Run {ExecutionId} is Judge0's {Token}", job.ExecutionId, token);
            var result = await WaitAsync(token, message => trouble = message ?? "it is still in Judge0's queue or running", either.Token);
            if (result.Status == 13)
                logger.LogWarning(
                    "Judge0 had an internal error on {ExecutionId}: {Message}. On a self-hosted one this is most often cgroup v2: Judge0 needs systemd.unified_cgroup_hierarchy=0",
                    job.ExecutionId, Judge0Result.Text(result.Message, 300, out _));
            var outcome = Judge0Verdicts.Of(result, submission);
            await ShowAsync(outcome, onOutput);
            return outcome;
        }
        catch (Judge0Failure failure)
        {
            logger.LogWarning("Run {ExecutionId} failed at Judge0: {Reason}", job.ExecutionId, failure.Message);
            return RunOutcome.Failed(failure.Trouble == Judge0Trouble.TooLarge ? "output_limit" : "internal_error", Sentence(failure));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            logger.LogWarning("Run {ExecutionId} was not done within {Deadline}: {Reason}", job.ExecutionId, options.Deadline, trouble);
            return RunOutcome.Failed("internal_error", $"Judge0 did not finish the run within {options.Deadline.TotalSeconds:0.#} s: {trouble}");
        }
        finally
        {
            tokens.Over(job.ExecutionId);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var found = await AskLanguagesAsync(stoppingToken);
                _asked.TrySetResult();
                await Task.Delay(found ? Judge0Limits.LanguagesPeriod : Judge0Limits.LanguagesRetry, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            _asked.TrySetResult();
        }
    }

    private async Task<bool> AskLanguagesAsync(CancellationToken cancel)
    {
        try
        {
            var found = Judge0Languages.Resolve(await client.LanguagesAsync(cancel));
            if (_languages is null)
                logger.LogInformation("Judge0 at {Host} runs {Languages}", options.ApiUrl!.Host, string.Join(", ", found.Select(l => $"{l.Key} ({l.Value.Id})")));
            _languages = found;
            _keyRefused = false;
            return true;
        }
        catch (Judge0Failure failure)
        {
            logger.LogWarning("Judge0's languages could not be read: {Reason}", failure.Message);
            _keyRefused = failure.Trouble == Judge0Trouble.RefusedKey;
            return false;
        }
    }

    private async Task<Judge0Submission> SubmissionAsync(RunJob job, CancellationToken cancel)
    {
        await _asked.Task.WaitAsync(cancel);
        var name = job.Request.Language;
        var id = _languages is { } known ? known.GetValueOrDefault(name)?.Id : LanguageCatalog.Find(name)?.Judge0Id;
        return id is { } found
            ? Judge0Submission.For(job, found)
            : throw new Judge0Failure(Judge0Trouble.Invalid, $"This Judge0 has no {LanguageCatalog.Find(name)?.DisplayName ?? name}");
    }

    private async Task<string> SubmitAsync(Judge0Submission submission, Action<string> troubled, CancellationToken cancel)
    {
        var withLimits = true;
        var pause = options.FirstPoll;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await client.SubmitAsync(submission, withLimits, cancel);
            }
            catch (Judge0Failure failure) when (failure.Trouble == Judge0Trouble.Invalid && withLimits)
            {
                // Most often this installation allows less than we ask for; its own limits will do.
                withLimits = false;
            }
            catch (Judge0Failure failure) when (failure.Trouble is Judge0Trouble.Unreachable or Judge0Trouble.Busy && attempt < Judge0Limits.SubmitAttempts)
            {
                var wait = failure.RetryAfter is { } told ? Max(told, pause) : pause;
                // Waiting for longer than the run may take helps nobody.
                if (wait >= options.Deadline)
                    throw;
                troubled(failure.Message);
                await PauseAsync(wait, cancel);
                pause = Min(pause * 3, options.LongestPoll);
            }
        }
    }

    /// <summary>Looks until the run is done. Outages are waited out until the deadline; answers that are none, or a token that is unknown, only a few times.</summary>
    private async Task<Judge0Result> WaitAsync(string token, Action<string?> troubled, CancellationToken cancel)
    {
        var pause = options.FirstPoll;
        var broken = 0;
        for (; ; )
        {
            await PauseAsync(pause, cancel);
            pause = Min(pause * 1.5, options.LongestPoll);
            try
            {
                var result = await client.ResultAsync(token, cancel);
                if (!result.IsPending)
                    return result;
                broken = 0;
                troubled(null);
            }
            catch (Judge0Failure failure) when (failure.Trouble is Judge0Trouble.Unreachable or Judge0Trouble.Busy)
            {
                troubled(failure.Message);
                if (failure.RetryAfter is { } told)
                    pause = Max(told, pause);
            }
            catch (Judge0Failure failure) when (failure.Trouble is Judge0Trouble.UnknownToken or Judge0Trouble.Broken && ++broken < Judge0Limits.BrokenAnswers)
            {
                troubled(failure.Message);
            }
        }
    }

    /// <summary>Judge0 tells the output at the end only; clients that show what streams in see it all the same.</summary>
    private static async Task ShowAsync(RunOutcome outcome, Func<RunChunk, ValueTask> onOutput)
    {
        var seq = 0;
        if (outcome.CompileOutput is { Length: > 0 } compile)
            await onOutput(new RunChunk("compile", compile, seq++));
        if (outcome.Output is { Length: > 0 } output)
            await onOutput(new RunChunk("stdout", output, seq++));
        if (outcome.ErrorOutput is { Length: > 0 } errors)
            await onOutput(new RunChunk("stderr", errors, seq));
    }

    private static string Sentence(Judge0Failure failure)
        => failure.RetryAfter is { TotalSeconds: > 0 } wait ? $"{failure.Message}; try again in {Math.Ceiling(wait.TotalSeconds):0} s" : failure.Message;

    /// <summary>Up to a fifth longer, so that many runs do not ask at the same moment.</summary>
    private Task PauseAsync(TimeSpan pause, CancellationToken cancel)
        => Task.Delay(pause * (1 + (RandomNumberGenerator.GetInt32(200) / 1000.0)), clock, cancel);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
