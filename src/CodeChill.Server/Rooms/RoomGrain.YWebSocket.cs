using CodeChill.Server.Documents;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Connections that speak the y-websocket protocol: sockets of the room that are Yjs replicas from the start.</summary>
internal sealed partial class RoomGrain
{
    // The provider comes back by itself: without this, who leaves a public room would be in it again two seconds later.
    private readonly HashSet<string> _left = [];

    public async Task<Outcome<RoomReply<bool>>> AttachYjsAsync(SocketIdentity socket, IRoomRelay relay)
    {
        if (RoleOf(socket.UserId) is null && _left.Contains(socket.UserId))
            return RoomErrors.AccessDenied;
        var admitted = await AdmitAsync(socket.UserId, null);
        if (admitted.Error is { } refused)
            return refused.Status is 401 or 429 ? RoomErrors.AccessDenied : refused;
        await OpenAsync();
        if ((Authorize(socket.UserId, RoomAction.Read) ?? CountSockets(socket.UserId)) is { } error)
            return error;

        // From here to the return nothing awaits, as with any socket.
        var firstOfUser = !IsOnline(socket.UserId);
        var entry = Add(socket, relay);
        BecomeYjs(entry);
        entry.Relay.Relay.DeliverAsync(
            _epoch,
            new SocketAttached
            {
                Seq = ++entry.Relay.Seq,
                SocketId = socket.SocketId,
                Audience = Audience.Yjs,
                Hello = new YjsHello(_document!.EncodeStateVector(), _awareness.Encode()),
            }).Ignore();
        if (firstOfUser)
            Broadcast("user_joined", new UserJoinedEvent(socket.UserId, socket.UserName, socket.UserPicture, RoomId), except: [socket.SocketId]);
        return new RoomReply<bool>(true, Mark(entry));
    }

    public Task<Outcome<byte[]>> GetAwarenessAsync(string socketId)
        => Task.FromResult<Outcome<byte[]>>(_sockets.ContainsKey(socketId) ? _awareness.Encode() ?? [0] : RoomErrors.NotInRoom);
}
