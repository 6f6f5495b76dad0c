using System.Text.Json;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Documents;

/// <summary>The socket events of editing, in both dialects. Edits of one socket reach the room in the order they were sent, several in flight at once.</summary>
internal sealed class DocumentEvents(SocketEvents events)
{
    private sealed record CodeChange(string? Content, JsonElement Version, JsonElement CursorPosition, string? OperationId);

    private sealed record DocSync(ReadOnlyMemory<byte>? StateVector);

    private sealed record DocUpdate(ReadOnlyMemory<byte>? Update);

    public void Register(Socket socket)
    {
        events.On(socket, "code_change", ChangeTextAsync);
        events.On(socket, "doc_sync", SyncAsync);
        events.On(socket, "doc_update", UpdateAsync);
        events.On(socket, "awareness_update", UpdateAwarenessAsync);
    }

    private async Task ChangeTextAsync(SocketEvent e, SocketSession session)
    {
        if (session.Room is not { } relay)
        {
            e.Fail(RoomErrors.NotInRoom);
            return;
        }

        CodeChange? change = null;
        try
        {
            change = e.Count > 0 ? e.Get<CodeChange>(0) : null;
        }
        catch (SocketIOArgumentException)
        {
            // Answered below in the contract's words.
        }

        if (change?.Content is null || change.Version.ValueKind != JsonValueKind.Number || !change.Version.TryGetInt64(out var version)
            || change.OperationId is { Length: > DocumentLimits.OperationIdLength })
        {
            e.Fail(DocumentErrors.InvalidChange);
            return;
        }

        var cursor = JsonText.From(change.CursorPosition);
        if (cursor.Text is { Length: > RoomLimits.CursorBytes })
            cursor = JsonText.Null;
        var call = events.CallAsync(
            e, session, room => room.ChangeTextAsync(e.Socket.Id, new TextChange(change.Content, version, cursor, change.OperationId)));
        // The grain has the change in its queue: the socket's next event may start while this one waits for its commit.
        e.Release();
        var changed = await call;
        if (changed.Error is { } error)
        {
            e.Fail(error);
            return;
        }

        await relay.ReachedAsync(changed.Value!.Mark);
        var reply = changed.Value.Value;
        if (reply.Conflict is { } conflict)
            e.Ack(new { ok = false, error = DocumentErrors.Conflict.Message, code = DocumentErrors.Conflict.Code, conflict.CurrentContent, conflict.CurrentVersion });
        else
            e.Ack(new { ok = true, reply.Version, success = true });
    }

    private async Task SyncAsync(SocketEvent e, SocketSession session)
    {
        var request = e.Count > 0 ? e.Get<DocSync>(0) : null;
        var stateVector = request?.StateVector?.ToArray() ?? [0];
        var relay = session.Room;
        var synced = await events.CallAsync(e, session, room => room.SyncAsync(e.Socket.Id, stateVector));
        if (synced.Error is { } error)
        {
            e.Fail(error);
            return;
        }

        if (relay is not null)
            await relay.ReachedAsync(synced.Value!.Mark);
        var reply = synced.Value!.Value;
        if (e.WantsAck)
            e.Ack(new { ok = true, reply.Update, reply.StateVector, reply.Version, reply.Awareness });
        else
            e.Socket.Emit("doc_sync", reply);
    }

    private async Task UpdateAsync(SocketEvent e, SocketSession session)
    {
        if (e.Get<DocUpdate>(0) is not { Update: { } update })
        {
            e.Fail(DocumentErrors.InvalidUpdate);
            return;
        }

        // The log and the peers keep these bytes beyond the packet they came in.
        ReadOnlyMemory<byte> kept = update.ToArray();
        var call = events.CallAsync(e, session, room => room.ApplyUpdateAsync(e.Socket.Id, kept));
        e.Release();
        var applied = await call;
        if (applied.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true, version = applied.Value });
    }

    private async Task UpdateAwarenessAsync(SocketEvent e, SocketSession session)
    {
        if (e.Get<DocUpdate>(0) is not { Update: { Length: <= DocumentLimits.AwarenessBytes } update })
        {
            e.Fail(DocumentErrors.InvalidAwareness);
            return;
        }

        ReadOnlyMemory<byte> kept = update.ToArray();
        var shown = await events.CallAsync(e, session, room => room.UpdateAwarenessAsync(e.Socket.Id, kept));
        if (shown.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true });
    }
}
