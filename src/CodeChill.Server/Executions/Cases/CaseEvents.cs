using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Executions.Cases;

/// <summary>Running a room's test cases over the socket.</summary>
internal sealed class CaseEvents(SocketEvents events)
{
    private sealed record CasesRun(string? SourceCode, string? Language);

    private sealed record RunReference(string? RunId);

    public void Register(Socket socket)
    {
        events.On(socket, "cases_run", RunAsync);
        events.On(socket, "cases_stop", StopAsync);
    }

    private async Task RunAsync(SocketEvent e, SocketSession session)
    {
        var asked = e.Count > 0 ? e.Get<CasesRun>(0) : null;
        var request = ExecutionRules.Check(asked?.Language, asked?.SourceCode, null);
        if (request.Error is { } invalid)
        {
            e.Fail(invalid);
            return;
        }

        var started = await events.CallAsync(e, session, room => room.RunCasesAsync(session.Caller.UserId, session.Caller.Name, request.Value!));
        if (started.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, run_id = started.Value });
    }

    private async Task StopAsync(SocketEvent e, SocketSession session)
    {
        var id = e.Count > 0 ? Ids.Canonical(e.Get<RunReference>(0)?.RunId) : null;
        var stopped = id is null
            ? CaseErrors.RunNotFound
            : await events.CallAsync(e, session, room => room.StopCasesAsync(session.Caller.UserId, id));
        if (stopped.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, run_id = id });
    }
}
