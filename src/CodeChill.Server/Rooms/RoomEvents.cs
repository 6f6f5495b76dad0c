using System.Text.Json;
using CodeChill.Server.Platform;
using CodeChill.SocketIO;

namespace CodeChill.Server.Rooms;

/// <summary>The socket events of being in a room: join, leave, state, cursor.</summary>
internal sealed class RoomEvents(SocketEvents events, RoomRelays relays, IGrainFactory grains)
{
    private sealed record CursorUpdate(JsonElement CursorPosition);

    public void Register(Socket socket)
    {
        events.On(socket, "join_room", JoinAsync);
        events.On(socket, "leave_room", LeaveAsync);
        events.On(socket, "get_room_state", GetStateAsync);
        events.On(socket, "cursor_update", MoveCursorAsync);
        socket.OnDisconnect(_ => new ValueTask(GoneAsync(socket)));
    }

    private async Task JoinAsync(SocketEvent e, SocketSession session)
    {
        var named = SocketEvents.RoomNamedBy(e);
        if (string.IsNullOrEmpty(named))
        {
            e.Fail(RoomErrors.IdRequired);
            return;
        }

        if (Ids.Canonical(named) is not { } roomId)
        {
            e.Fail(RoomErrors.NotFound);
            return;
        }

        if (session.Room is { } previous && previous.RoomId != roomId)
            await DetachAsync(e.Socket, previous, tellSocket: false);

        using var lease = relays.Take(roomId);
        var joined = await grains.GetGrain<IRoomGrain>(roomId)
            .AttachAsync(session.IdentityOf(e.Socket.Id), lease.Relay.Reference!, SocketEvents.Text(e, "password"));
        if (joined.Error is { } error)
        {
            e.Fail(error);
            return;
        }

        await lease.Relay.ReachedAsync(joined.Value!.Mark);
        if (!e.Socket.Connected)
        {
            // Gone while it was being let in: nobody else will take it out.
            await grains.GetGrain<IRoomGrain>(roomId).DetachAsync(e.Socket.Id, tellSocket: false);
            return;
        }

        var value = joined.Value.Value;
        e.Ack(new { ok = true, value.RoomId, value.RoomData, value.CurrentContent, value.ContentVersion });
    }

    private async Task LeaveAsync(SocketEvent e, SocketSession session)
    {
        if (session.Room is not { } relay || SocketEvents.NamesAnotherRoom(e, relay))
        {
            e.Fail(RoomErrors.NotInRoom);
            return;
        }

        await DetachAsync(e.Socket, relay, tellSocket: true);
        e.Ack(new { ok = true, room_id = relay.RoomId });
    }

    private async Task GetStateAsync(SocketEvent e, SocketSession session)
    {
        var asked = SocketEvents.RoomNamedBy(e);
        var roomId = asked is null ? session.Room?.RoomId : Ids.Canonical(asked);
        if (roomId is null)
        {
            e.Fail(asked is null ? RoomErrors.NotInRoom : RoomErrors.NotFound);
            return;
        }

        var relay = session.Room;
        var reply = await grains.GetGrain<IRoomGrain>(roomId).GetStateAsync(session.Caller.UserId, e.Socket.Id);
        if (reply.Error is { } error)
        {
            e.Fail(error);
            return;
        }

        var state = reply.Value!.Value;
        if (reply.Value.Mark != default && relay is not null)
            await relay.ReachedAsync(reply.Value.Mark);
        else
            e.Socket.Emit("room_state", state);
        e.Ack(new { ok = true, state.Room, state.Content, state.Version, state.Participants, state.RecentMessages, state.Executions, state.Sessions });
    }

    private async Task MoveCursorAsync(SocketEvent e, SocketSession session)
    {
        var position = JsonText.From(e.Get<CursorUpdate>(0)!.CursorPosition);
        if (position.Text is { Length: > RoomLimits.CursorBytes })
        {
            e.Fail(PlatformErrors.Invalid("Invalid cursor_update data"));
            return;
        }

        var moved = await events.CallAsync(e, session, room => room.MoveCursorAsync(e.Socket.Id, position));
        if (moved.Error is { } error)
            e.Fail(error);
        else
            e.Ack(new { ok = true });
    }

    private async Task GoneAsync(Socket socket)
    {
        if (socket.State is SocketSession { Room: { } relay })
            await DetachAsync(socket, relay, tellSocket: false);
    }

    private async Task DetachAsync(Socket socket, RoomRelay relay, bool tellSocket)
    {
        var detached = await grains.GetGrain<IRoomGrain>(relay.RoomId).DetachAsync(socket.Id, tellSocket);
        if (detached.Value is { } reply)
            await relay.ReachedAsync(reply.Mark);
        else
            relay.Forget(socket.Id, tellSocket);
    }
}
