using System.Text;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>
/// Runs: who may start, feed and stop one, and what everybody in the room sees of it. A run's reports come one after the other and leave in that
/// order; what runs is kept here with the end of its output, for those who come late. A run's end is told once, whoever reports it.
/// </summary>
internal sealed partial class RoomGrain
{
    /// <summary>How long people who come back after a restart are told of the runs that it ended.</summary>
    private static readonly TimeSpan TellInterruptedFor = TimeSpan.FromMinutes(2);

    private const int RememberedEnds = 512;

    private readonly Dictionary<string, LiveExecution> _runs = [];
    private readonly HashSet<string> _ended = [];
    private readonly Queue<string> _endedOrder = [];
    private readonly List<ExecutionView> _interrupted = [];
    private IGrainTimer? _emptyTimer;

    public async Task<Outcome<RoomReply<ExecutionQueuedEvent>>> ExecuteAsync(string userId, string userName, string? socketId, ExecutionRequest request)
    {
        if (Authorize(userId, RoomAction.Execute) is { } denied)
            return denied;
        var place = executions.Queue.Admit(RoomId, userId, request.Language, request.LiveInput);
        if (place.Error is { } refused)
            return refused;
        ExecutionView record;
        try
        {
            record = await executions.Records.OpenAsync(RoomId, userId, userName, request);
        }
        catch
        {
            executions.Queue.Release(place.Value!);
            throw;
        }

        if (Authorize(userId, RoomAction.Execute) is { } deniedMeanwhile)
        {
            executions.Queue.Release(place.Value!);
            await executions.Records.CloseAsync(record with { Status = "failed", Verdict = "stopped", CompletedAt = clock.GetUtcNow() });
            return deniedMeanwhile;
        }

        var job = new RunJob(record.Id, RoomId, userId, request)
        {
            TakesInput = request.LiveInput,
            Limits = request.LiveInput ? new RunJobLimits(Wall: ExecutionLimits.LiveWall) : new RunJobLimits(),
        };
        var room = this.AsReference<IRoomGrain>();
        var receiver = new RecordedRun(
            record, request.LiveInput, executions.Records, room, clock, logger, () => executions.Queue.Release(place.Value!));
        // Nothing awaits from here on: the run's first report finds it here, after its author was told.
        var position = executions.Queue.Enqueue(job, receiver);
        var queued = new ExecutionQueuedEvent(record.Id, "Code execution queued", position);
        _runs[record.Id] = new LiveExecution(RecordedRun.Pending(record, request.LiveInput, position), socketId);
        var socket = socketId is null ? null : _sockets.GetValueOrDefault(socketId);
        if (socket is not null)
            Tell(socket, "execution_queued", queued);
        return new RoomReply<ExecutionQueuedEvent>(queued, socket is null ? default : Mark(socket));
    }

    public Task<Outcome<bool>> StopExecutionAsync(string userId, string executionId)
    {
        if (Authorize(userId, RoomAction.Execute) is { } denied)
            return Task.FromResult<Outcome<bool>>(denied);
        return Task.FromResult<Outcome<bool>>(executions.Queue.Stop(RoomId, executionId) ? true : ExecutionErrors.NotFound);
    }

    public Task<Outcome<bool>> WriteExecutionAsync(string userId, string userName, string executionId, string data, bool end)
    {
        if (Typist(userId) is { } denied)
            return Task.FromResult<Outcome<bool>>(denied);
        var written = executions.Queue.Input(RoomId, executionId, Encoding.UTF8.GetBytes(data), end);
        if (!written.IsError)
            Broadcast("execution_input", new ExecutionInputEvent(executionId, userId, userName, data, end));
        return Task.FromResult(written);
    }

    public Task<bool> ReportExecutionAsync(ExecutionReport report)
    {
        var run = _runs.GetValueOrDefault(report.ExecutionId);
        if (run is null && report is not ExecutionCompleted && _ended.Contains(report.ExecutionId))
            return Task.FromResult(true);
        switch (report)
        {
            case ExecutionMoved moved when run is { Run.Status: "pending" }:
                run.Run = run.Run with { Position = moved.Position };
                if (run.SocketId is { } socketId && _sockets.TryGetValue(socketId, out var socket))
                    Tell(socket, "execution_position", new ExecutionPositionEvent(moved.ExecutionId, moved.Position));
                break;
            case ExecutionStarted started:
                if (run is null)
                    _runs[started.ExecutionId] = run = new LiveExecution(started.Run, null);
                run.Run = started.Run;
                Broadcast("execution_started", new ExecutionStartedEvent(started.ExecutionId, started.Run.UserId, started.Run.Language) { LiveInput = started.Run.LiveInput });
                break;
            case ExecutionResumed resumed when run is null:
                run = new LiveExecution(resumed.Run, null);
                run.Restore(resumed.Run);
                _runs[resumed.ExecutionId] = run;
                break;
            case ExecutionOutput when run is null:
                return Task.FromResult(false);
            case ExecutionOutput output when output.Seq > run!.LastSeq:
                run.Append(output);
                Broadcast("execution_output", new ExecutionOutputEvent(output.ExecutionId, output.Stream, output.Chunk, output.Seq));
                break;
            case ExecutionCompleted completed:
                _runs.Remove(completed.ExecutionId);
                if (!RememberEnd(completed.ExecutionId))
                    break;
                Broadcast("execution_completed", ExecutionCompletedEvent.From(completed.Execution));
                if (completed.Execution.Verdict == "interrupted")
                    _interrupted.Add(completed.Execution);
                break;
        }

        return Task.FromResult(true);
    }

    private List<LiveExecutionView> LiveExecutions() => [.. _runs.Values.Select(run => run.View())];

    /// <summary>What a restart ended: whoever comes back now has seen it start and waits for its end.</summary>
    private async Task LoadInterruptedAsync()
    {
        foreach (var run in await executions.Store.InterruptedAsync(RoomId, clock.GetUtcNow() - TellInterruptedFor))
        {
            if (RememberEnd(run.Id))
                _interrupted.Add(run);
        }
    }

    private void TellInterrupted(RoomSocket socket)
    {
        _interrupted.RemoveAll(run => run.CompletedAt < clock.GetUtcNow() - TellInterruptedFor);
        foreach (var run in _interrupted)
            Tell(socket, "execution_completed", ExecutionCompletedEvent.From(run));
    }

    /// <summary>False when the end of this run was told before.</summary>
    private bool RememberEnd(string id)
    {
        if (!_ended.Add(id))
            return false;
        _endedOrder.Enqueue(id);
        if (_endedOrder.Count > RememberedEnds)
            _ended.Remove(_endedOrder.Dequeue());
        return true;
    }

    /// <summary>The user's right to be here has ended, and with it what they started.</summary>
    private void EndWorkOf(string userId)
    {
        foreach (var run in _runs.Values.Where(r => r.Run.UserId == userId).ToList())
            executions.Queue.Stop(RoomId, run.Run.ExecutionId, "Its author left the room");
        executions.CaseRunner.StopAll(RoomId, userId);
        executions.Sessions.StopAll(RoomId, "left", userId);
    }

    private void EndAllWork(string reason)
    {
        foreach (var id in _runs.Keys.ToList())
            executions.Queue.Stop(RoomId, id, "The room is gone");
        executions.CaseRunner.StopAll(RoomId);
        executions.Sessions.StopAll(RoomId, reason);
    }

    /// <summary>Terminals and programs that wait for input have nobody left to wait for; other runs come to their end by themselves.</summary>
    private void EndWhenEmpty()
    {
        _emptyTimer?.Dispose();
        _emptyTimer = this.RegisterGrainTimer(
            _ =>
            {
                _emptyTimer?.Dispose();
                _emptyTimer = null;
                if (_sockets.Count > 0)
                    return Task.CompletedTask;
                foreach (var run in _runs.Values.Where(r => r.Run.LiveInput).ToList())
                    executions.Queue.Stop(RoomId, run.Run.ExecutionId, "Everybody left the room");
                executions.Sessions.StopAll(RoomId, "room_empty");
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(SessionLimits.EmptyRoom, Timeout.InfiniteTimeSpan) { Interleave = true, KeepAlive = true });
    }
}
