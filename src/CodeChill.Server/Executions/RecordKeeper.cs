using System.Collections.Concurrent;
using System.Threading.Channels;
using CodeChill.Server.Executions.Cases;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions;

/// <summary>
/// Theory of operation. Every run has a record that is opened before it is queued and closed once. This service sees to it that no record
/// stays open for ever, whatever fails:
/// - the database is away when a run ends: the room is told after <see cref="ExecutionLimits.CloseWithin"/>, the record is closed when the
///   database is back (writes wait here, in order);
/// - this process dies: its next start closes what it left open, by the node's name in the records;
/// - another node dies for good: nodes count a beat in the database, and one whose beat has not moved for <see cref="GoneAfter"/> looks is
///   gone; who sees that closes its records;
/// - a commit whose answer was lost: now and then this node closes records in its name of which it knows nothing.
/// Those runs are reported to their rooms as <c>interrupted</c>. A record that somebody else has closed is not reported again.
/// </summary>
internal sealed class RecordKeeper(
    ExecutionStore executions,
    CaseStore cases,
    NodeStore nodes,
    NodeIdentity node,
    IGrainFactory grains,
    ExecutionMetrics metrics,
    TimeProvider clock,
    ILogger<RecordKeeper> logger) : BackgroundService
{
    /// <summary>Looks, not seconds: a process that was frozen itself must not take all others for dead.</summary>
    public const int GoneAfter = 6;
    public static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(5);

    private const int SweepEvery = 12;
    private static readonly TimeSpan SweepOlderThan = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WriteWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, bool> _mine = new();
    private readonly Channel<(string What, Func<Task> Write)> _deferred = Channel.CreateUnbounded<(string, Func<Task>)>();
    private readonly Dictionary<string, (long Beat, int Unchanged)> _seen = [];
    private readonly DateTimeOffset _started = clock.GetUtcNow();
    private bool _recovered;
    private int _looks;

    public string NodeId => node.Id;

    /// <summary>Records whose closing waits for the database.</summary>
    public int Deferred => _deferred.Reader.Count;

    /// <summary>Opens a run's record.</summary>
    public async Task<ExecutionView> OpenAsync(string roomId, string userId, string userName, ExecutionRequest request)
    {
        var record = await executions.OpenAsync(roomId, userId, userName, request, node.Id);
        _mine[record.Id] = true;
        return record;
    }

    /// <summary>Notes that a run has started. When that fails, the end says it too.</summary>
    public void Start(string executionId, DateTimeOffset at)
        => _ = TryAsync($"the start of {executionId}", () => executions.StartAsync(executionId, at));

    /// <summary>Closes a record, now or when the database is back. False when it was closed before by somebody else: then it was reported, too.</summary>
    public async Task<bool> CloseAsync(ExecutionView end)
    {
        var closing = executions.CloseAsync(end);
        try
        {
            var ours = await closing.WaitAsync(ExecutionLimits.CloseWithin, clock);
            _mine.TryRemove(end.Id, out _);
            return ours;
        }
        catch (Exception failure)
        {
            logger.LogWarning("The record of run {ExecutionId} is closed later: {Reason}", end.Id, failure.Message);
            Forgive(closing);
            Defer($"the end of {end.Id}", async () =>
            {
                await executions.CloseAsync(end);
                _mine.TryRemove(end.Id, out _);
            });
            return true;
        }
    }

    /// <summary>Takes a run of cases for this node's, from before its record is opened until <see cref="Done"/>.</summary>
    public void Mine(string id) => _mine[id] = true;

    public void Done(string id) => _mine.TryRemove(id, out _);

    /// <summary>Writes now, or when the database is back; never throws.</summary>
    public async Task WriteAsync(string what, Func<Task> write)
    {
        if (!await TryAsync(what, write))
            Defer(what, write);
    }

    /// <summary>One round of the beat: says that this node lives, and closes what gone ones left.</summary>
    public async Task BeatAsync()
    {
        if (!_recovered)
        {
            await RecoverAsync(node.Id, _started);
            _recovered = true;
        }
        else if (++_looks % SweepEvery == 0)
        {
            await RecoverAsync(node.Id, clock.GetUtcNow() - SweepOlderThan);
        }

        await nodes.BeatAsync(node.Id);
        var beats = await nodes.BeatsAsync();
        foreach (var (id, beat) in beats)
        {
            if (id == node.Id)
                continue;
            var unchanged = _seen.TryGetValue(id, out var before) && before.Beat == beat ? before.Unchanged + 1 : 0;
            _seen[id] = (beat, unchanged);
            if (unchanged < GoneAfter)
                continue;
            logger.LogWarning("Node {NodeId} is gone; what it left open is closed", id);
            await RecoverAsync(id, DateTimeOffset.MaxValue);
            await nodes.ForgetAsync(id);
            _seen.Remove(id);
        }

        foreach (var id in _seen.Keys.Where(id => !beats.ContainsKey(id)).ToList())
            _seen.Remove(id);
    }

    // The writes first: a beat that is always late (SQLite answers without ever waiting) would keep them from starting.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(WriteLoopAsync(stoppingToken), BeatLoopAsync(stoppingToken));

    private async Task BeatLoopAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(BeatEvery, clock);
        var failing = false;
        try
        {
            do
            {
                try
                {
                    await BeatAsync();
                    failing = false;
                }
                catch (Exception failure)
                {
                    logger.Log(failing ? LogLevel.Debug : LogLevel.Warning, failure, "The records of runs could not be looked after; tried again");
                    failing = true;
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task WriteLoopAsync(CancellationToken stopping)
    {
        try
        {
            while (await _deferred.Reader.WaitToReadAsync(stopping))
            {
                // Looked at, not taken: what a stop interrupts is tried once more below.
                while (_deferred.Reader.TryPeek(out var next))
                {
                    var retry = FirstRetry;
                    while (!await TryAsync(next.What, next.Write))
                    {
                        await Task.Delay(retry, clock, stopping);
                        retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
                    }

                    _deferred.Reader.TryRead(out _);
                }
            }
        }
        catch (OperationCanceledException)
        {
            while (_deferred.Reader.TryRead(out var last))
            {
                if (await TryAsync(last.What, last.Write))
                    continue;
                logger.LogError("{What} could not be written before the stop; the next start closes it", last.What);
                return;
            }
        }
    }

    private async Task RecoverAsync(string nodeId, DateTimeOffset before)
    {
        var still = nodeId == node.Id ? _mine.Keys.ToHashSet() : [];
        foreach (var run in await executions.CloseAbandonedAsync(nodeId, still, before))
        {
            logger.LogWarning("Run {ExecutionId} was closed as interrupted", run.Id);
            await ReportAsync(run.RoomId, room => room.ReportExecutionAsync(new ExecutionCompleted(run, run.Id)));
        }

        foreach (var run in await cases.CloseAbandonedAsync(nodeId, still, before))
        {
            logger.LogWarning("Run {RunId} of test cases was closed as interrupted", run.Id);
            await ReportAsync(run.RoomId, room => room.ReportCasesAsync(new CasesCompletedEvent(
                run.Id, run.UserId, run.Language, run.Verdict!, run.Passed, run.Total, run.CompileOutput)));
        }
    }

    private async Task ReportAsync(string roomId, Func<IRoomGrain, Task> report)
    {
        try
        {
            await report(grains.GetGrain<IRoomGrain>(roomId));
        }
        catch (Exception failure)
        {
            // The record says it all the same.
            logger.LogWarning(failure, "Room {RoomId} was not told of an interrupted run", roomId);
        }
    }

    private void Defer(string what, Func<Task> write)
    {
        metrics.Deferred();
        _deferred.Writer.TryWrite((what, write));
    }

    private async Task<bool> TryAsync(string what, Func<Task> write)
    {
        Task? writing = null;
        try
        {
            writing = write();
            await writing.WaitAsync(WriteWithin, clock);
            return true;
        }
        catch (Exception failure)
        {
            logger.LogDebug(failure, "{What} was not written", what);
            if (writing is not null)
                Forgive(writing);
            return false;
        }
    }

    /// <summary>A write that was not waited for may still fail; that is no news.</summary>
    private static void Forgive(Task abandoned)
        => _ = abandoned.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
