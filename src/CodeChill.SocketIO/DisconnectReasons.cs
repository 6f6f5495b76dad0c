namespace CodeChill.SocketIO;

/// <summary>Texts given to disconnect handlers; the reference server's, and one of our own for slow readers.</summary>
public static class DisconnectReasons
{
    /// <summary>The connection was closed by the client or the network.</summary>
    public const string TransportClose = "transport close";

    /// <summary>The connection failed, or broke the rules of its transport.</summary>
    public const string TransportError = "transport error";

    /// <summary>The client didn't answer a ping in time.</summary>
    public const string PingTimeout = "ping timeout";

    /// <summary>The client sent a packet that can't be read or isn't allowed.</summary>
    public const string ParseError = "parse error";

    /// <summary>The server ended the connection, for instance because no namespace was joined in time.</summary>
    public const string ForcedClose = "forced close";

    /// <summary>The server ended the connection with <c>Disconnect(close: true)</c>.</summary>
    public const string ForcedServerClose = "forced server close";

    /// <summary>The server is going down; clients reconnect, possibly to another node.</summary>
    public const string ServerShuttingDown = "server shutting down";

    /// <summary>The client left the namespace.</summary>
    public const string ClientNamespaceDisconnect = "client namespace disconnect";

    /// <summary>The server removed the client from the namespace.</summary>
    public const string ServerNamespaceDisconnect = "server namespace disconnect";

    /// <summary>More than <see cref="SocketIOOptions.MaxSendQueueBytes"/> were waiting for the client to read them.</summary>
    public const string SlowConsumer = "slow consumer";
}
