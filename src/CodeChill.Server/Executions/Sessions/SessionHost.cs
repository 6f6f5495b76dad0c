using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;

namespace CodeChill.Server.Executions.Sessions;

/// <summary>
/// Theory of operation. A session is a program on a terminal that a whole room shares: the language's prompt, or a program of theirs. It runs
/// on the node of its room's grain, beside the queue, because it waits for people: few at a time (per room, per user, per node), each with a
/// wall limit and an idle limit. What people type goes to the program in the order in which it came here; what it writes goes to the room,
/// numbered, no faster than <see cref="SessionLimits.OutputPerSecond"/>. It ends with its program, by anybody who may write, when the person
/// who opened it loses the right to be there, when the room stays empty, at a limit, or with the server. Nothing of it is stored.
/// </summary>
internal sealed class SessionHost : IHostedService
{
    private readonly IRunner _runner;
    private readonly ExecutionQueue _queue;
    private readonly ExecutionOptions _options;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionHost> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Session> _open = [];
    private readonly Dictionary<string, Task> _running = [];
    private bool _stopping;

    public SessionHost(
        IRunner runner,
        ExecutionQueue queue,
        ExecutionOptions options,
        ExecutionMetrics metrics,
        IGrainFactory grains,
        TimeProvider clock,
        ILogger<SessionHost> logger)
    {
        (_runner, _queue, _options, _grains, _clock, _logger) = (runner, queue, options, grains, clock, logger);
        metrics.Watch("sessions", "Terminals that are open", () => Open);
    }

    public int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Opens a terminal. The room hears of it by <see cref="IRoomGrain.ReportSessionAsync"/>, its start first.</summary>
    public Outcome<Session> Start(string roomId, string userId, string userName, SessionRequest request)
    {
        if (!_runner.Capabilities.Sessions)
            return SessionErrors.NotSupported;
        if (_queue.Check(request.Language) is { } impossible)
            return impossible;
        if (string.IsNullOrWhiteSpace(request.SourceCode) && !_runner.Languages.Any(l => l.Name == request.Language && l.Interactive))
            return SessionErrors.NoPrompt;
        lock (_gate)
        {
            if (_stopping)
                return ExecutionErrors.Unavailable("the server is stopping");
            if (_open.Values.Count(s => s.RoomId == roomId) >= SessionLimits.PerRoom)
                return SessionErrors.TooManyInRoom;
            if (_open.Values.Count(s => s.UserId == userId) >= SessionLimits.PerUser)
                return SessionErrors.TooManyOfUser;
            if (_open.Count >= _options.Sessions)
                return SessionErrors.TooMany;
            if (_queue.Throttle(roomId, userId) is { } tooFast)
                return tooFast;
            var session = new Session(Ids.New(_clock), roomId, userId, userName, request);
            _open[session.Id] = session;
            session.IdleTimer = _clock.CreateTimer(_ => End(session, "idle"), null, SessionLimits.Idle, Timeout.InfiniteTimeSpan);
            _running[session.Id] = Task.Run(() => RunAsync(session));
            return session;
        }
    }

    public Outcome<bool> Input(string roomId, string sessionId, ReadOnlyMemory<byte> data)
    {
        if (Find(roomId, sessionId) is not { } session)
            return SessionErrors.NotFound;
        session.IdleTimer?.Change(SessionLimits.Idle, Timeout.InfiniteTimeSpan);
        var written = session.Input.Write(data, end: false);
        return written.Error == ExecutionErrors.InputEnded ? SessionErrors.NotFound : written;
    }

    public Outcome<bool> Resize(string roomId, string sessionId, RunTerminal size)
    {
        if (Find(roomId, sessionId) is not { } session)
            return SessionErrors.NotFound;
        session.Resize(size);
        return true;
    }

    public Outcome<bool> Stop(string roomId, string sessionId)
    {
        if (Find(roomId, sessionId) is not { } session)
            return SessionErrors.NotFound;
        End(session, "stopped");
        return true;
    }

    /// <summary>Ends the terminals of a room, or those that one user opened in it.</summary>
    public void StopAll(string roomId, string reason, string? userId = null)
    {
        List<Session> found;
        lock (_gate)
            found = [.. _open.Values.Where(s => s.RoomId == roomId && (userId is null || s.UserId == userId))];
        foreach (var session in found)
            End(session, reason);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        List<Session> open;
        List<Task> running;
        lock (_gate)
        {
            _stopping = true;
            (open, running) = ([.. _open.Values], [.. _running.Values]);
        }

        foreach (var session in open)
            End(session, "server_stopped");
        await Task.WhenAll(running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Session? Find(string roomId, string sessionId)
    {
        lock (_gate)
            return _open.TryGetValue(sessionId, out var session) && session.RoomId == roomId ? session : null;
    }

    private void End(Session session, string reason)
    {
        lock (_gate)
        {
            if (!_open.ContainsKey(session.Id))
                return;
            session.Reason ??= reason;
        }

        try
        {
            session.Cancelled.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself just now.
        }
    }

    private async Task RunAsync(Session session)
    {
        var room = _grains.GetGrain<IRoomGrain>(session.RoomId);
        RunOutcome? outcome = null;
        // The runner has a limit of its own; one that does not keep it is told to end, and given up when it does not.
        using var deadline = new CancellationTokenSource(ExecutionLimits.Preparation + SessionLimits.Wall, _clock);
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(session.Cancelled.Token, deadline.Token);
            await ReportAsync(room, session, session.Started());
            var pace = new Pace(SessionLimits.OutputPerSecond, _clock);
            var run = _runner.RunAsync(
                session.Job(),
                session.Input,
                async chunk =>
                {
                    var output = new SessionOutputEvent(session.Id, session.Pieces++, chunk.Text);
                    await ReportAsync(room, session, output);
                    session.Wrote(output.Data, output.Seq);
                    await pace.SpendAsync(chunk.Text.Length, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                },
                ended.Token);
            outcome = await run.WaitAsync(ExecutionLimits.Preparation + SessionLimits.Wall + ExecutionLimits.GiveUp, _clock);
        }
        catch (OperationCanceledException)
        {
            // Told to end while it wrote.
        }
        catch (TimeoutException)
        {
            _logger.LogError("The runner did not end session {SessionId} when it was told to; it was given up", session.Id);
        }
        catch (Exception failure)
        {
            _logger.LogError(failure, "Session {SessionId} failed", session.Id);
        }

        lock (_gate)
        {
            _open.Remove(session.Id);
            _running.Remove(session.Id);
        }

        session.Input.Complete();
        session.Cancelled.Dispose();
        session.IdleTimer?.Dispose();
        var reason = outcome?.Verdict switch
        {
            "success" or "runtime_error" or "compile_error" => "exited",
            null or "stopped" or "internal_error" => session.Reason ?? (deadline.IsCancellationRequested ? "time_limit" : "failed"),
            var verdict => session.Reason ?? verdict,
        };
        await ReportAsync(room, session, new SessionEndedEvent(session.Id, outcome?.ExitCode, reason, outcome?.CompileOutput ?? outcome?.ErrorOutput));
    }

    private async Task ReportAsync(IRoomGrain room, Session session, SessionReport report)
    {
        try
        {
            if (await room.ReportSessionAsync(report))
                return;
            // A fresh activation: it is told what went before.
            await room.ReportSessionAsync(new SessionResumed(session.Id, session.View()));
            await room.ReportSessionAsync(report);
        }
        catch (Exception failure)
        {
            _logger.LogWarning(failure, "A report of session {SessionId} did not reach its room", session.Id);
        }
    }
}
