using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Terminals of the room: everybody in it sees them, whoever may write may type. Late joiners get the end of what was written.</summary>
internal sealed partial class RoomGrain
{
    private readonly Dictionary<string, (SessionView View, OutputTail Output)> _sessions = [];

    public Task<Outcome<string>> StartSessionAsync(string userId, string userName, SessionRequest request)
    {
        if (Typist(userId) is { } denied)
            return Task.FromResult<Outcome<string>>(denied);
        var started = executions.Sessions.Start(RoomId, userId, userName, request);
        return Task.FromResult<Outcome<string>>(started.Error is { } error ? error : started.Value!.Id);
    }

    public Task<Outcome<bool>> WriteSessionAsync(string userId, string sessionId, ReadOnlyMemory<byte> data)
        => Task.FromResult(Typist(userId) is { } denied ? denied : executions.Sessions.Input(RoomId, sessionId, data));

    public Task<Outcome<bool>> ResizeSessionAsync(string userId, string sessionId, int columns, int rows)
    {
        if (Typist(userId) is { } denied)
            return Task.FromResult<Outcome<bool>>(denied);
        var resized = executions.Sessions.Resize(RoomId, sessionId, new RunTerminal(columns, rows));
        if (!resized.IsError && _sessions.TryGetValue(sessionId, out var session))
        {
            _sessions[sessionId] = (session.View with { Columns = columns, Rows = rows }, session.Output);
            Broadcast("session_resized", new SessionResizedEvent(sessionId, columns, rows));
        }

        return Task.FromResult(resized);
    }

    public Task<Outcome<bool>> StopSessionAsync(string userId, string sessionId)
        => Task.FromResult(Typist(userId) is { } denied ? denied : executions.Sessions.Stop(RoomId, sessionId));

    public Task<bool> ReportSessionAsync(SessionReport report)
    {
        var known = _sessions.TryGetValue(report.SessionId, out var session);
        if (_ended.Contains(report.SessionId))
            return Task.FromResult(true);
        switch (report)
        {
            case SessionStartedEvent started:
                _sessions[started.SessionId] = (
                    new SessionView
                    {
                        SessionId = started.SessionId,
                        UserId = started.UserId,
                        UserName = started.UserName,
                        Language = started.Language,
                        Columns = started.Columns,
                        Rows = started.Rows,
                    },
                    new OutputTail());
                Broadcast("session_started", started);
                // The room may have emptied, or its author left, while the call was under way.
                if (_closed is not null || RoleOf(started.UserId) is null)
                    executions.Sessions.StopAll(RoomId, "left", started.UserId);
                else if (_sockets.Count == 0)
                    EndWhenEmpty();
                break;
            case SessionResumed resumed when !known:
                var tail = new OutputTail();
                tail.Append("", resumed.Session.Output, resumed.Session.Seq);
                _sessions[resumed.SessionId] = (resumed.Session with { Output = "" }, tail);
                break;
            case SessionOutputEvent when !known:
                return Task.FromResult(false);
            case SessionOutputEvent output when output.Seq > session.Output.Seq:
                session.Output.Append("", output.Data, output.Seq);
                Broadcast("session_output", output);
                break;
            case SessionEndedEvent ended when RememberEnd(ended.SessionId):
                _sessions.Remove(ended.SessionId);
                Broadcast("session_ended", ended);
                break;
        }

        return Task.FromResult(true);
    }

    private List<SessionView> LiveSessions() => [.. _sessions.Values.Select(s => s.View with { Output = s.Output.Text(), Seq = s.Output.Seq })];

    private Error? Typist(string userId) => Authorize(userId, RoomAction.Write) ?? Authorize(userId, RoomAction.Execute);
}
