using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions;

/// <summary>A run of a room: its record and what its room hears of it. The record was opened before; it is closed once, and its end is reported once.</summary>
internal sealed class RecordedRun(ExecutionView record, bool liveInput, RecordKeeper records, IRoomGrain room, TimeProvider clock, ILogger logger, Action releasePlace) : IRunReceiver
{
    private readonly OutputTail _tail = new();
    private DateTimeOffset? _startedAt;
    private Task _moved = Task.CompletedTask;

    /// <summary>What the room is told of a run that has only just been queued.</summary>
    public static LiveExecutionView Pending(ExecutionView record, bool liveInput, int position) => new()
    {
        ExecutionId = record.Id,
        UserId = record.UserId,
        UserName = record.UserName,
        Language = record.Language,
        Status = "pending",
        LiveInput = liveInput,
        Position = position,
    };

    public void Moved(int position) => _moved = MovedAsync(_moved, position);

    public async Task StartedAsync()
    {
        _startedAt = clock.GetUtcNow();
        // Whether the record says so meanwhile is not worth waiting for: the end says both.
        records.Start(record.Id, _startedAt.Value);
        await _moved;
        await room.ReportExecutionAsync(new ExecutionStarted(View(), record.Id));
    }

    public async Task OutputAsync(RunChunk chunk)
    {
        var output = new ExecutionOutput(chunk.Stream, chunk.Text, chunk.Seq, record.Id);
        if (!await room.ReportExecutionAsync(output))
        {
            // A fresh activation: it is told what went before.
            await room.ReportExecutionAsync(new ExecutionResumed(View(), record.Id));
            await room.ReportExecutionAsync(output);
        }

        _tail.Append(chunk.Stream, chunk.Text, chunk.Seq);
    }

    public async Task EndedAsync(RunOutcome outcome)
    {
        // Before anybody hears of the end: who starts the next run at once must find the place free.
        releasePlace();
        var end = record with
        {
            Status = outcome.Status,
            Verdict = outcome.Verdict,
            Output = Cut(outcome.Output),
            ErrorOutput = Cut(outcome.ErrorOutput),
            CompileOutput = Cut(outcome.CompileOutput),
            ExitCode = outcome.ExitCode,
            ExecutionTime = outcome.Seconds,
            MemoryUsage = outcome.Kilobytes,
            StartedAt = _startedAt,
            CompletedAt = clock.GetUtcNow(),
        };
        var ours = await records.CloseAsync(end);
        await _moved;
        if (ours)
            await room.ReportExecutionAsync(new ExecutionCompleted(end, record.Id));
        else
            logger.LogWarning("Run {ExecutionId} was closed by another node, which took this one for gone", record.Id);
    }

    private LiveExecutionView View() => Pending(record, liveInput, 0) with
    {
        Status = "running",
        Position = null,
        Output = _tail.Pieces(),
        Seq = _tail.Seq,
        Truncated = _tail.Truncated,
    };

    private async Task MovedAsync(Task before, int position)
    {
        await before;
        try
        {
            await room.ReportExecutionAsync(new ExecutionMoved(position, record.Id));
        }
        catch (Exception failure)
        {
            logger.LogDebug(failure, "The place of run {ExecutionId} was not told", record.Id);
        }
    }

    private static string? Cut(string? text)
        => text is { Length: > ExecutionLimits.RecordedOutput } ? text[..ExecutionLimits.RecordedOutput] : text;
}
