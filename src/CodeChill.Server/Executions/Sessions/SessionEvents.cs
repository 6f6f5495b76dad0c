using System.Text;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Executions.Sessions;

/// <summary>Terminals over the socket.</summary>
internal sealed class SessionEvents(SocketEvents events)
{
    private sealed record SessionStart(string? Language, string? SourceCode, int? Columns, int? Rows);

    private sealed record SessionInput(string? SessionId, string? Data);

    private sealed record SessionResize(string? SessionId, int? Columns, int? Rows);

    private sealed record SessionReference(string? SessionId);

    public void Register(Socket socket)
    {
        events.On(socket, "session_start", StartAsync);
        events.On(socket, "session_input", InputAsync);
        events.On(socket, "session_resize", ResizeAsync);
        events.On(socket, "session_stop", StopAsync);
    }

    private async Task StartAsync(SocketEvent e, SocketSession session)
    {
        var asked = e.Count > 0 ? e.Get<SessionStart>(0) : null;
        var size = SizeOf(asked?.Columns ?? SessionLimits.DefaultColumns, asked?.Rows ?? SessionLimits.DefaultRows);
        if ((size.Error ?? ProgramOf(asked)) is { } invalid)
        {
            e.Fail(invalid);
            return;
        }

        var request = new SessionRequest(
            LanguageCatalog.FindAny(asked!.Language)!.Name, asked.SourceCode ?? "", size.Value.Columns, size.Value.Rows);
        var started = await events.CallAsync(e, session, room => room.StartSessionAsync(session.Caller.UserId, session.Caller.Name, request));
        if (started.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, session_id = started.Value });
    }

    private async Task InputAsync(SocketEvent e, SocketSession session)
    {
        var asked = e.Count > 0 ? e.Get<SessionInput>(0) : null;
        if (asked?.Data is null or { Length: > ExecutionLimits.InputPiece })
        {
            e.Fail(ExecutionErrors.InputInvalid);
            return;
        }

        var id = Ids.Canonical(asked.SessionId);
        var data = Encoding.UTF8.GetBytes(asked.Data);
        Answer(e, id is null
            ? SessionErrors.NotFound
            : await events.CallAsync(e, session, room => room.WriteSessionAsync(session.Caller.UserId, id, data)));
    }

    private async Task ResizeAsync(SocketEvent e, SocketSession session)
    {
        var asked = e.Count > 0 ? e.Get<SessionResize>(0) : null;
        var size = SizeOf(asked?.Columns ?? 0, asked?.Rows ?? 0);
        if (size.Error is { } invalid)
        {
            e.Fail(invalid);
            return;
        }

        var id = Ids.Canonical(asked!.SessionId);
        Answer(e, id is null
            ? SessionErrors.NotFound
            : await events.CallAsync(e, session, room => room.ResizeSessionAsync(session.Caller.UserId, id, size.Value.Columns, size.Value.Rows)));
    }

    private async Task StopAsync(SocketEvent e, SocketSession session)
    {
        var id = e.Count > 0 ? Ids.Canonical(e.Get<SessionReference>(0)?.SessionId) : null;
        Answer(e, id is null ? SessionErrors.NotFound : await events.CallAsync(e, session, room => room.StopSessionAsync(session.Caller.UserId, id)));
    }

    private static void Answer(SocketEvent e, Outcome<bool> outcome)
    {
        if (outcome.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true });
    }

    private static Error? ProgramOf(SessionStart? asked)
        => LanguageCatalog.FindAny(asked?.Language) is null ? ExecutionErrors.UnsupportedLanguage
            : asked!.SourceCode is { Length: > ExecutionLimits.SourceLength } ? ExecutionErrors.CodeTooLong
            : null;

    private static Outcome<RunTerminal> SizeOf(int columns, int rows)
        => columns is < SessionLimits.MinColumns or > SessionLimits.MaxColumns || rows is < SessionLimits.MinRows or > SessionLimits.MaxRows
            ? SessionErrors.InvalidSize
            : new RunTerminal(columns, rows);
}
