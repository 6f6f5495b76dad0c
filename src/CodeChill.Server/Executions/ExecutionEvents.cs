using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Executions;

/// <summary>Runs over the socket.</summary>
internal sealed class ExecutionEvents(SocketEvents events)
{
    private sealed record ExecuteCode(string? SourceCode, string? Language, string? Input, string? InputData, bool LiveInput);

    private sealed record ExecutionInput(string? ExecutionId, string? Data, bool End);

    private sealed record ExecutionReference(string? ExecutionId);

    public void Register(Socket socket)
    {
        events.On(socket, "execute_code", ExecuteAsync);
        events.On(socket, "execution_input", InputAsync);
        events.On(socket, "execution_stop", StopAsync);
    }

    private async Task ExecuteAsync(SocketEvent e, SocketSession session)
    {
        if (session.Room is not { } relay)
        {
            e.Fail(RoomErrors.NotInRoom);
            return;
        }

        ExecuteCode? asked = null;
        try
        {
            asked = e.Count > 0 ? e.Get<ExecuteCode>(0) : null;
        }
        catch (SocketIOArgumentException)
        {
            // Answered below in the contract's words.
        }

        var request = ExecutionRules.Check(asked?.Language, asked?.SourceCode, asked?.Input ?? asked?.InputData, asked?.LiveInput ?? false);
        if (request.Error is { } invalid)
        {
            e.Fail(invalid);
            return;
        }

        var queued = await events.CallAsync(
            e, session, room => room.ExecuteAsync(session.Caller.UserId, session.Caller.Name, e.Socket.Id, request.Value!));
        if (queued.Error is { } error)
        {
            e.Fail(error);
            return;
        }

        await relay.ReachedAsync(queued.Value!.Mark);
        e.Ack(new { ok = true, queued.Value.Value.ExecutionId, queued.Value.Value.Message, queued.Value.Value.Position });
    }

    private async Task InputAsync(SocketEvent e, SocketSession session)
    {
        var asked = e.Count > 0 ? e.Get<ExecutionInput>(0) : null;
        if (asked is null or { Data: null, End: false } or { Data.Length: > ExecutionLimits.InputPiece })
        {
            e.Fail(ExecutionErrors.InputInvalid);
            return;
        }

        var id = Ids.Canonical(asked.ExecutionId);
        var written = id is null
            ? ExecutionErrors.NotFound
            : await events.CallAsync(e, session, room => room.WriteExecutionAsync(session.Caller.UserId, session.Caller.Name, id, asked.Data ?? "", asked.End));
        if (written.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, execution_id = id });
    }

    private async Task StopAsync(SocketEvent e, SocketSession session)
    {
        var id = e.Count > 0 ? Ids.Canonical(e.Get<ExecutionReference>(0)?.ExecutionId) : null;
        var stopped = id is null
            ? ExecutionErrors.NotFound
            : await events.CallAsync(e, session, room => room.StopExecutionAsync(session.Caller.UserId, id));
        if (stopped.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, execution_id = id });
    }
}
