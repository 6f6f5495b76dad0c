namespace CodeChill.Server.YWebSocket;

/// <summary>Bounds of the y-websocket endpoint.</summary>
internal static class YjsLimits
{
    /// <summary>One message of a client: an update at its limit, and its envelope.</summary>
    public const int MessageBytes = Documents.DocumentLimits.UpdateBytes + 64;

    /// <summary>What may wait for a reader who does not read, the answer to its own sync step aside. Beyond it the connection is dropped.</summary>
    public const int QueueBytes = 1024 * 1024;

    /// <summary>Updates of one connection that may wait for their commit; then nothing more is read from it.</summary>
    public const int UpdatesInFlight = 1_000;

    /// <summary>One awareness message: a provider repeats the states of everybody in the room in one.</summary>
    public const int AwarenessBytes = 256 * 1024;

    /// <summary>Connections of one user on this node, as with Socket.IO.</summary>
    public const int ConnectionsPerUser = 40;

    /// <summary>Connections from one address, as with Socket.IO.</summary>
    public const int ConnectionsPerAddress = 2_000;

    /// <summary>How often connections are looked at: silence, stalls, sessions that ended elsewhere.</summary>
    public static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    /// <summary>The provider reconnects when it has heard nothing for 30 seconds; pings don't count with it.</summary>
    public static readonly TimeSpan SayAfter = TimeSpan.FromSeconds(15);

    /// <summary>Silence of a client after which it is asked whether it is there.</summary>
    public static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(20);

    /// <summary>Silence after which it is not.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(50);

    /// <summary>A write that makes no progress for so long never will.</summary>
    public static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(60);

    /// <summary>How long a client has to answer a close.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Why a connection was closed, as WebSocket close codes. The provider takes 4400 to 4499, which mirror HTTP's statuses, as final and comes
/// back after every other one (from its version 3.1 on; older ones always come back).
/// </summary>
internal static class YjsCloseCodes
{
    /// <summary>The room or the server starts anew; come back at once.</summary>
    public const int Restart = 1012;

    /// <summary>Something could not be kept, or there are too many connections; come back later and bring it again.</summary>
    public const int TryAgain = 1013;

    public const int Malformed = 4400;
    public const int BadToken = 4401;
    public const int NoAccess = 4403;
    public const int NoRoom = 4404;

    /// <summary>An update or the document would be over its limit.</summary>
    public const int TooLarge = 4413;
}
