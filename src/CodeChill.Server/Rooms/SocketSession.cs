using CodeChill.Server.Auth;

namespace CodeChill.Server.Rooms;

/// <summary>What this node knows of a connected socket: who it is, the room it is in, how fast it may go.</summary>
internal sealed class SocketSession(Caller caller)
{
    public Caller Caller { get; } = caller;

    /// <summary>The relay of the room the socket is in; set and cleared by the relay itself, in the order of the room's deliveries.</summary>
    public volatile RoomRelay? Room;

    public SocketIdentity IdentityOf(string socketId) => new(socketId, Caller.UserId, Caller.Name, Caller.Picture);
}
