using CodeChill.Server.Documents;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>A socket in the room, as its grain keeps it.</summary>
internal sealed class RoomSocket(SocketIdentity identity, RelayLink relay)
{
    public SocketIdentity Identity { get; } = identity;

    public RelayLink Relay { get; } = relay;

    public Audience Audience { get; set; } = Audience.WholeText;

    public WholeTextReplica Replica { get; } = new();

    /// <summary>Latest value, never stored.</summary>
    public JsonText Cursor { get; set; }
}

/// <summary>One node's relay, with the number of the last delivery handed to it.</summary>
internal sealed class RelayLink(IRoomRelay relay)
{
    public IRoomRelay Relay { get; } = relay;

    public long Seq { get; set; }

    public int Sockets { get; set; }

    public int YjsSockets { get; set; }
}
