using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions;

/// <summary>
/// Theory of operation. Runs wait here in one bounded queue, are taken room by room in turn (a room that queues ten does not hold up the
/// others), and run on as many slots as there are cores. Each run's record is opened before it gets here and closed exactly once when it
/// leaves: by its end, by its stop, by its deadline, or at the next start of the server. What happens to it is reported to the room's grain.
/// </summary>
internal sealed class ExecutionQueue(
    IRunner runner, ExecutionStore store, IGrainFactory grains, TimeProvider clock, ILogger<ExecutionQueue> logger) : BackgroundService
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(string RoomId, Queue<Entry> Jobs)> _rooms = new();
    private readonly Dictionary<string, Entry> _open = [];
    private readonly HashSet<Place> _places = [];
    private readonly SemaphoreSlim _available = new(0);

    /// <summary>Runs that wait or run.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Takes a place for a run, or says why it cannot come now. The place is used by <see cref="Enqueue"/> or given back by <see cref="Release"/>.</summary>
    public Outcome<Place> Admit(string roomId, string userId, string language)
    {
        if (runner.Unavailable is { } why)
            return ExecutionErrors.Unavailable(why);
        if (LanguageCatalog.Find(language) is null)
            return ExecutionErrors.UnsupportedLanguage;
        var known = runner.Languages.FirstOrDefault(l => l.Name == language);
        if (known is not { Available: true })
            return ExecutionErrors.LanguageUnavailable(language, known?.Reason ?? "no toolchain");
        lock (_gate)
        {
            if (_places.Count(p => p.UserId == userId) >= ExecutionLimits.OpenPerUser
                || _places.Count(p => p.RoomId == roomId) >= ExecutionLimits.OpenPerRoom)
                return ExecutionErrors.TooMany;
            if (_places.Count >= ExecutionLimits.Queue)
                return ExecutionErrors.QueueFull;
            var place = new Place(roomId, userId);
            _places.Add(place);
            return place;
        }
    }

    public void Release(Place place)
    {
        lock (_gate)
            _places.Remove(place);
    }

    /// <summary>How many wait before a run that came now.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _rooms.Sum(r => r.Jobs.Count);
        }
    }

    public void Enqueue(Place place, RunJob job)
    {
        lock (_gate)
        {
            var entry = new Entry(place, job);
            _open[job.ExecutionId] = entry;
            var room = _rooms.FirstOrDefault(r => r.RoomId == job.RoomId);
            if (room.Jobs is null)
                _rooms.AddLast(room = (job.RoomId, new Queue<Entry>()));
            room.Jobs.Enqueue(entry);
        }

        _available.Release();
    }

    /// <summary>Ends a run that waits or runs. False when there is none of this id.</summary>
    public bool Stop(string executionId)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(executionId, out var entry))
                return false;
            entry.Stopped = true;
            entry.Cancel.Cancel();
            return true;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await store.CloseAbandonedAsync() is var abandoned and > 0)
            logger.LogWarning("{Count} runs of an earlier process were closed as interrupted", abandoned);
        await Task.WhenAll(Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(_ => SlotAsync(stoppingToken)));
    }

    private async Task SlotAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _available.WaitAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (Next() is not { } entry)
                continue;
            try
            {
                await RunAsync(entry, stopping);
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "Run {ExecutionId} could not be brought to its end", entry.Job.ExecutionId);
            }
            finally
            {
                lock (_gate)
                {
                    _open.Remove(entry.Job.ExecutionId);
                    _places.Remove(entry.Place);
                }

                entry.Cancel.Dispose();
            }
        }
    }

    private Entry? Next()
    {
        lock (_gate)
        {
            if (_rooms.First is not { } first)
                return null;
            var (_, jobs) = first.Value;
            var entry = jobs.Dequeue();
            _rooms.RemoveFirst();
            if (jobs.Count > 0)
                _rooms.AddLast(first);
            return entry;
        }
    }

    private async Task RunAsync(Entry entry, CancellationToken stopping)
    {
        var job = entry.Job;
        var room = grains.GetGrain<IRoomGrain>(job.RoomId);
        RunOutcome outcome;
        if (entry.Stopped)
        {
            outcome = RunOutcome.Failed("stopped", "Stopped before it started");
        }
        else
        {
            await store.StartAsync(job.ExecutionId);
            await room.ReportExecutionAsync(new ExecutionStarted(job.UserId, job.Request.Language, job.ExecutionId));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(entry.Cancel.Token, stopping);
            using var deadline = new CancellationTokenSource(ExecutionLimits.Deadline, clock);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, deadline.Token);
            try
            {
                outcome = await runner.RunAsync(
                    job,
                    null,
                    async chunk => await room.ReportExecutionAsync(new ExecutionOutput(chunk.Stream, chunk.Text, chunk.Seq, job.ExecutionId)),
                    both.Token);
            }
            catch (OperationCanceledException)
            {
                outcome = RunOutcome.Failed("stopped", "The run was ended");
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "The runner failed on {ExecutionId}", job.ExecutionId);
                outcome = RunOutcome.Failed("internal_error", "The run could not be carried out");
            }

            if (entry.Stopped)
                outcome = outcome with { Status = "failed", Verdict = "stopped" };
            else if (deadline.IsCancellationRequested)
                outcome = outcome with { Status = "failed", Verdict = "time_limit" };
        }

        if (await store.CloseAsync(job.ExecutionId, outcome) && await store.FindAsync(job.ExecutionId) is { } closed)
            await room.ReportExecutionAsync(new ExecutionCompleted(closed, job.ExecutionId));
    }

    /// <summary>A place among the open runs of a user, a room and this process.</summary>
    internal sealed class Place(string roomId, string userId)
    {
        public string RoomId { get; } = roomId;

        public string UserId { get; } = userId;
    }

    private sealed class Entry(Place place, RunJob job)
    {
        public Place Place { get; } = place;

        public RunJob Job { get; } = job;

        public CancellationTokenSource Cancel { get; } = new();

        public volatile bool Stopped;
    }
}
