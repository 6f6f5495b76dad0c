using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions.Cases;

/// <summary>
/// Runs all cases of a room, one after the other, each through the queue like any other run, so that a long set takes turns with everybody
/// else. The program is compiled by the first and found compiled by the others. Each result is reported and kept as it comes; a program that
/// does not compile ends the whole.
/// </summary>
internal sealed class CaseRunner(
    ExecutionQueue queue, CaseStore store, RecordKeeper records, IGrainFactory grains, TimeProvider clock, ILogger<CaseRunner> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Active> _active = [];

    /// <summary>Whether cases of this room are being run here.</summary>
    public bool IsRunning(string roomId)
    {
        lock (_gate)
            return _active.Values.Any(a => a.Run.RoomId == roomId);
    }

    /// <summary>Starts a run whose record is open. The place is given back at the end.</summary>
    public void Start(ExecutionQueue.Place place, CaseRunView run, IReadOnlyList<CaseView> cases)
    {
        var active = new Active(run);
        lock (_gate)
            _active[run.Id] = active;
        _ = RunAsync(place, active, cases);
    }

    /// <summary>Ends a run. False when there is none of this id in this room.</summary>
    public bool Stop(string roomId, string runId)
    {
        string? current;
        lock (_gate)
        {
            if (!_active.TryGetValue(runId, out var active) || active.Run.RoomId != roomId)
                return false;
            active.Stopped = true;
            current = active.Current;
        }

        if (current is not null)
            queue.Stop(roomId, current);
        return true;
    }

    /// <summary>Ends the runs of a room, or of one user in it.</summary>
    public void StopAll(string roomId, string? userId = null)
    {
        List<string> runs;
        lock (_gate)
            runs = [.. _active.Values.Where(a => a.Run.RoomId == roomId && (userId is null || a.Run.UserId == userId)).Select(a => a.Run.Id)];
        foreach (var run in runs)
            Stop(roomId, run);
    }

    private async Task RunAsync(ExecutionQueue.Place place, Active active, IReadOnlyList<CaseView> cases)
    {
        var run = active.Run;
        var room = grains.GetGrain<IRoomGrain>(run.RoomId);
        var passed = 0;
        string? verdict = null;
        string? compileOutput = null;
        try
        {
            foreach (var test in cases)
            {
                var outcome = await RunCaseAsync(active, test);
                if (outcome is null or { Verdict: "stopped" })
                {
                    verdict = "stopped";
                    break;
                }

                compileOutput ??= outcome.CompileOutput;
                if (outcome.Verdict == "compile_error")
                {
                    verdict = "compile_error";
                    break;
                }

                var result = Judge(run, test, outcome);
                if (result.Verdict == "accepted")
                    passed++;
                else
                    verdict ??= result.Verdict;
                await records.WriteAsync($"a result of {run.Id}", () => store.AddResultAsync(result));
                await ReportAsync(room, result);
                // Nothing can be run: the rest would only say so once more.
                if (outcome.Verdict is "sandbox_unavailable" or "interrupted")
                    break;
            }
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "The cases of run {RunId} could not be run to their end", run.Id);
            verdict = "internal_error";
        }

        lock (_gate)
            _active.Remove(run.Id);
        queue.Release(place);
        var end = new CasesCompletedEvent(run.Id, run.UserId, run.Language, verdict ?? "accepted", passed, cases.Count, compileOutput);
        await records.WriteAsync($"the end of {run.Id}", async () =>
        {
            await store.CloseRunAsync(end);
            records.Done(run.Id);
        });
        await ReportAsync(room, end);
    }

    /// <summary>Null when the run was stopped before this case came.</summary>
    private async Task<RunOutcome?> RunCaseAsync(Active active, CaseView test)
    {
        var run = active.Run;
        var receiver = new Receiver();
        var cpu = test.TimeLimit is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        lock (_gate)
        {
            if (active.Stopped)
                return null;
            active.Current = Platform.Ids.New(clock);
            queue.Enqueue(
                new RunJob(active.Current, run.RoomId, run.UserId, new ExecutionRequest(run.Language, run.SourceCode, test.Input))
                {
                    // Waiting counts as well, but not against a program on a busy machine.
                    Limits = new RunJobLimits(cpu, cpu * 2 + TimeSpan.FromSeconds(2), test.MemoryLimit),
                },
                receiver);
        }

        return await receiver.Ended;
    }

    private static CaseCompletedEvent Judge(CaseRunView run, CaseView test, RunOutcome outcome)
    {
        var accepted = outcome.Verdict == "success" && CaseJudge.IsAccepted(test.ExpectedOutput!, outcome.Output ?? "");
        var verdict = outcome.Verdict switch
        {
            "success" => accepted ? "accepted" : "wrong_answer",
            "sandbox_unavailable" or "interrupted" => "internal_error",
            var other => other,
        };
        return new CaseCompletedEvent(
            run.Id,
            test.Id,
            test.Name,
            test.Position,
            test.IsHidden,
            verdict,
            outcome.Seconds,
            outcome.Kilobytes,
            test.IsHidden ? null : Cut(outcome.Output ?? ""),
            test.IsHidden ? null : Cut(outcome.ErrorOutput ?? ""),
            test.IsHidden || verdict != "wrong_answer" ? null : CaseJudge.Diff(test.ExpectedOutput!, outcome.Output ?? ""));
    }

    private static string Cut(string text) => text.Length <= CaseLimits.OutputLength ? text : text[..CaseLimits.OutputLength];

    private async Task ReportAsync(IRoomGrain room, CaseReport report)
    {
        try
        {
            await room.ReportCasesAsync(report);
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "{Report} of run {RunId} did not reach its room", report.GetType().Name, report.RunId);
        }
    }

    private sealed class Active(CaseRunView run)
    {
        public CaseRunView Run { get; } = run;

        public string? Current { get; set; }

        public bool Stopped { get; set; }
    }

    private sealed class Receiver : IRunReceiver
    {
        private readonly TaskCompletionSource<RunOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<RunOutcome> Ended => _ended.Task;

        public void Moved(int position)
        {
        }

        public Task StartedAsync() => Task.CompletedTask;

        public Task OutputAsync(RunChunk chunk) => Task.CompletedTask;

        public Task EndedAsync(RunOutcome outcome)
        {
            _ended.TrySetResult(outcome);
            return Task.CompletedTask;
        }
    }
}
