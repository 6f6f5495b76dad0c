using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Executions;

/// <summary>
/// Theory of operation. Everything that runs to its end passes here: it takes a place (bounded per user, per room and for the process), waits
/// for its turn (<see cref="FairOrder{T}"/>: rooms in turn, users of a room in turn), and runs in one of the runner's slots. Programs that
/// take live input have slots of their own, because they wait for people. The queue knows nothing of rooms, records or test cases: whoever
/// queued a run is its receiver and hears of its places, its start, its output and its end.
///
/// A runner is not trusted to behave. Its output is taken one piece at a time and numbered here; a piece that was there before is dropped;
/// what comes after the end is dropped. A job has a deadline: it is told to end, and <see cref="ExecutionLimits.GiveUp"/> later it is given up,
/// so every run that was let in ends within its limit and five seconds, and its receiver hears of it once.
/// </summary>
internal sealed class ExecutionQueue : BackgroundService
{
    private readonly IRunner _runner;
    private readonly ExecutionOptions _options;
    private readonly ExecutionMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<ExecutionQueue> _logger;
    private readonly EventRateLimiter _perUser;
    private readonly EventRateLimiter _perRoom;
    private readonly Lock _gate = new();
    private readonly Lane[] _lanes = [new(), new()];
    private readonly Dictionary<string, Entry> _open = [];
    private readonly HashSet<Place> _places = [];
    private bool _stopped;

    public ExecutionQueue(IRunner runner, ExecutionOptions options, ExecutionMetrics metrics, TimeProvider clock, ILogger<ExecutionQueue> logger)
    {
        (_runner, _options, _metrics, _clock, _logger) = (runner, options, metrics, clock, logger);
        _perUser = new EventRateLimiter(20, 0.5, clock);
        _perRoom = new EventRateLimiter(60, 2, clock);
        metrics.Watch("open", "Runs that wait or run", () => Open);
        metrics.Watch("waiting", "Runs that wait", () => Waiting);
    }

    /// <summary>Runs that wait or run.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Runs that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _lanes.Sum(lane => lane.Order.Count);
        }
    }

    /// <summary>Takes a place for a run, or says why it cannot come now. The place is given back by <see cref="Release"/>.</summary>
    public Outcome<Place> Admit(string roomId, string userId, string language, bool takesInput = false)
    {
        var admitted = TryAdmit(roomId, userId, language, takesInput);
        if (admitted.Error is { } error)
            _metrics.Refused(error.Code);
        else
            _metrics.Queued(language);
        return admitted;
    }

    /// <summary>Whether the runner can run this language now, in words when not.</summary>
    public Error? Check(string language)
    {
        if (_runner.Unavailable is { } why)
            return ExecutionErrors.Unavailable(why);
        if (LanguageCatalog.Find(language) is null)
            return ExecutionErrors.UnsupportedLanguage;
        var known = _runner.Languages.FirstOrDefault(l => l.Name == language);
        return known is { Available: true } ? null : ExecutionErrors.LanguageUnavailable(language, known?.Reason ?? "no toolchain");
    }

    /// <summary>How fast one user, and one room, may start things.</summary>
    public Error? Throttle(string roomId, string userId)
        => !_perUser.TryTake(userId, out var wait) || !_perRoom.TryTake(roomId, out wait) ? ExecutionErrors.TooFast(wait) : null;

    /// <summary>Programs of this language will come soon. Nobody waits for it, and while others run, it is not the time.</summary>
    public void Prepare(string language)
    {
        if (Open == 0)
            _runner.Prepare(language);
    }

    public void Release(Place place)
    {
        lock (_gate)
            _places.Remove(place);
    }

    /// <summary>Queues a run. Returns its position: 1 is next. The receiver hears the rest; when the queue has stopped, that is the end at once.</summary>
    public int Enqueue(RunJob job, IRunReceiver receiver)
    {
        var entry = new Entry(job, receiver, _clock.GetTimestamp());
        var lane = _lanes[job.TakesInput ? 1 : 0];
        lock (_gate)
        {
            if (!_stopped)
            {
                _open[job.ExecutionId] = entry;
                lane.Order.Add(entry);
                entry.Position = lane.Order.Foresee().IndexOf(entry) + 1;
                lane.Available.Release();
                return entry.Position;
            }
        }

        _ = EndAsync(entry, RunOutcome.Failed("interrupted", "The server is stopping"));
        return 1;
    }

    /// <summary>Ends a run that waits or runs. False when there is none of this id in this room.</summary>
    public bool Stop(string roomId, string executionId, string why = "The run was stopped")
    {
        Entry? waited;
        lock (_gate)
        {
            if (!_open.TryGetValue(executionId, out var entry) || entry.Job.RoomId != roomId)
                return false;
            entry.StopReason ??= why;
            waited = LaneOf(entry).Order.Remove(entry) ? entry : null;
            if (waited is not null)
                TellPositions(LaneOf(entry));
        }

        if (waited is not null)
            _ = EndAsync(waited, RunOutcome.Failed("stopped", "Stopped before it started"));
        else
            Cancel(executionId);
        return true;
    }

    /// <summary>Passes live input to a run of this room.</summary>
    public Outcome<bool> Input(string roomId, string executionId, ReadOnlyMemory<byte> data, bool end)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(executionId, out var entry) || entry.Job.RoomId != roomId)
                return ExecutionErrors.NotRunning;
            return entry.Input is { } input ? input.Write(data, end) : ExecutionErrors.TakesNoInput;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var slots = Enumerable.Repeat(_lanes[0], _runner.Capabilities.Slots).Concat(Enumerable.Repeat(_lanes[1], _options.LiveSlots));
        await Task.WhenAll(slots.Select(lane => SlotAsync(lane, stoppingToken)));

        // Whoever still waits is told now, while there is somebody to tell.
        List<Entry> left;
        lock (_gate)
        {
            _stopped = true;
            left = [.. _open.Values];
        }

        await Task.WhenAll(left.Select(entry => EndAsync(entry, RunOutcome.Failed("interrupted", "The server was stopped before this run started"))));
    }

    private Outcome<Place> TryAdmit(string roomId, string userId, string language, bool takesInput)
    {
        if (Check(language) is { } impossible)
            return impossible;
        if (takesInput && !_runner.Capabilities.LiveInput)
            return ExecutionErrors.NoLiveInput;
        lock (_gate)
        {
            if (_places.Count(p => p.UserId == userId) >= ExecutionLimits.OpenPerUser
                || _places.Count(p => p.RoomId == roomId) >= ExecutionLimits.OpenPerRoom)
                return ExecutionErrors.TooMany;
            if (_places.Count >= ExecutionLimits.Queue)
                return ExecutionErrors.QueueFull;
            if (Throttle(roomId, userId) is { } tooFast)
                return tooFast;
            var place = new Place(roomId, userId);
            _places.Add(place);
            return place;
        }
    }

    private Lane LaneOf(Entry entry) => _lanes[entry.Job.TakesInput ? 1 : 0];

    private void Cancel(string executionId)
    {
        Entry? entry;
        lock (_gate)
            entry = _open.GetValueOrDefault(executionId);
        try
        {
            entry?.Cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself just now.
        }
    }

    private async Task SlotAsync(Lane lane, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await lane.Available.WaitAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Entry? entry;
            lock (_gate)
            {
                entry = lane.Order.Next();
                if (entry is not null)
                    TellPositions(lane);
            }

            if (entry is not null)
                await HandleAsync(entry, stopping);
        }
    }

    /// <summary>One run, from its turn to its end. Whatever is logged meanwhile, here or by its receiver or runner, carries its id.</summary>
    private async Task HandleAsync(Entry entry, CancellationToken stopping)
    {
        using var scope = _logger.BeginScope(new Dictionary<string, object> { ["ExecutionId"] = entry.Job.ExecutionId, ["RoomId"] = entry.Job.RoomId });
        using var span = Instruments.Run(entry.Job.ExecutionId, entry.Job.RoomId, entry.Job.Request.Language, entry.Asker);
        var outcome = await RunAsync(entry, stopping);
        span?.SetTag("codechill.verdict", outcome.Verdict);
        if (outcome.Verdict is "internal_error" or "sandbox_unavailable")
            span?.SetStatus(ActivityStatusCode.Error);
        await EndAsync(entry, outcome);
    }

    /// <summary>Under the gate: tells those who are nearer to their turn than they were last told.</summary>
    private static void TellPositions(Lane lane)
    {
        var position = 0;
        foreach (var entry in lane.Order.Foresee())
        {
            if (++position >= entry.Position)
                continue;
            entry.Position = position;
            entry.Receiver.Moved(position);
        }
    }

    private async Task<RunOutcome> RunAsync(Entry entry, CancellationToken stopping)
    {
        var job = entry.Job;
        entry.Started = _clock.GetTimestamp();
        _metrics.Started(_clock.GetElapsedTime(entry.Queued, entry.Started));
        await GuardAsync(entry, entry.Receiver.StartedAsync, "start");
        using var deadline = new CancellationTokenSource(ExecutionLimits.Preparation + (job.Limits.Wall ?? ExecutionLimits.Wall), _clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(entry.Cancelled.Token, deadline.Token, stopping);
        RunOutcome outcome;
        try
        {
            // Task.Run: a runner that blocks instead of waiting must not hold the slot beyond its deadline either.
            var run = Task.Run(() => _runner.RunAsync(job, entry.Input, chunk => OutputAsync(entry, chunk), ended.Token), CancellationToken.None);
            outcome = await BoundedAsync(entry, run, ended.Token);
        }
        catch (OperationCanceledException)
        {
            outcome = RunOutcome.Failed("stopped", "The run was ended");
        }
        catch (Exception failure)
        {
            _logger.LogError(failure, "The runner failed on {ExecutionId}", job.ExecutionId);
            outcome = RunOutcome.Failed("internal_error", "The run could not be carried out");
        }

        entry.Over = true;
        entry.Input?.Complete();
        // Why it was ended is ours to say; a program that came to its own end in that moment has ended by itself.
        if (outcome is { Verdict: "success" or "runtime_error" or "compile_error", ExitCode: not null })
            return outcome;
        if (entry.StopReason is { } why)
            return outcome with { Status = "failed", Verdict = "stopped", ErrorOutput = outcome.ErrorOutput ?? why };
        if (deadline.IsCancellationRequested)
            return outcome with { Status = "failed", Verdict = "time_limit" };
        return stopping.IsCancellationRequested && outcome.Verdict == "stopped"
            ? outcome with { Status = "failed", Verdict = "interrupted", ErrorOutput = "The server was stopped during this run" }
            : outcome;
    }

    /// <summary>Waits for the runner, and after it was told to end not for ever.</summary>
    private async Task<RunOutcome> BoundedAsync(Entry entry, Task<RunOutcome> run, CancellationToken ended)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = ended.Register(told.SetResult);
        if (await Task.WhenAny(run, told.Task) == run)
            return await run;
        try
        {
            return await run.WaitAsync(ExecutionLimits.GiveUp, _clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            _logger.LogError("The runner did not end {ExecutionId} when it was told to; it was given up", entry.Job.ExecutionId);
            _ = run.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return RunOutcome.Failed("internal_error", "The runner did not answer");
        }
    }

    private async ValueTask OutputAsync(Entry entry, RunChunk chunk)
    {
        await entry.Output.WaitAsync();
        try
        {
            if (entry.Over || chunk.Seq <= entry.LastSeq || chunk.Text.Length == 0)
                return;
            entry.LastSeq = chunk.Seq;
            await GuardAsync(entry, () => entry.Receiver.OutputAsync(chunk with { Seq = entry.Pieces++ }), "output");
        }
        finally
        {
            entry.Output.Release();
        }
    }

    private async Task EndAsync(Entry entry, RunOutcome outcome)
    {
        lock (_gate)
        {
            if (entry.Ended)
                return;
            entry.Ended = true;
            _open.Remove(entry.Job.ExecutionId);
        }

        entry.Over = true;
        var ran = entry.Started == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(entry.Started);
        _metrics.Ended(entry.Job.Request.Language, outcome.Verdict, ran);
        await GuardAsync(entry, () => entry.Receiver.EndedAsync(outcome), "end");
        entry.Cancelled.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A receiver that fails costs its own run a report, never the queue a slot.")]
    private async Task GuardAsync(Entry entry, Func<Task> report, string what)
    {
        try
        {
            await report();
        }
        catch (Exception failure)
        {
            _logger.LogError(failure, "The {What} of run {ExecutionId} was not reported", what, entry.Job.ExecutionId);
        }
    }

    /// <summary>A place among the open runs of a user, a room and this process.</summary>
    internal sealed class Place(string roomId, string userId)
    {
        public string RoomId { get; } = roomId;

        public string UserId { get; } = userId;
    }

    private sealed class Lane
    {
        public FairOrder<Entry> Order { get; } = new(e => e.Job.RoomId, e => e.Job.UserId);

        public SemaphoreSlim Available { get; } = new(0);
    }

    private sealed class Entry(RunJob job, IRunReceiver receiver, long queued)
    {
        public RunJob Job { get; } = job;

        public IRunReceiver Receiver { get; } = receiver;

        public InputPipe? Input { get; } = job.TakesInput ? new InputPipe() : null;

        public CancellationTokenSource Cancelled { get; } = new();

        /// <summary>Held while a piece of output is passed on.</summary>
        public SemaphoreSlim Output { get; } = new(1, 1);

        public long Queued { get; } = queued;

        /// <summary>The span in which it was asked for.</summary>
        public ActivityContext Asker { get; } = Activity.Current?.Context ?? default;

        public long Started { get; set; }

        public int Position { get; set; }

        public int LastSeq { get; set; } = -1;

        public int Pieces { get; set; }

        public string? StopReason { get; set; }

        /// <summary>Its receiver hears, or has heard, of its end.</summary>
        public bool Ended { get; set; }

        /// <summary>What the runner says from now on is of no interest.</summary>
        public volatile bool Over;
    }
}
