namespace CodeChill.SocketIO;

/// <summary>An event argument is missing or hasn't the shape the handler asked for. The client is at fault, not the server.</summary>
public sealed class SocketIOArgumentException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="index">Position of the argument, from 0.</param>
    /// <param name="message">What was expected.</param>
    /// <param name="inner">The decoder's error, if there was one.</param>
    public SocketIOArgumentException(int index, string message, Exception? inner)
        : base(message, inner) => Index = index;

    /// <summary>Position of the argument, from 0.</summary>
    public int Index { get; }
}

/// <summary>
/// Thrown by a namespace middleware to refuse a client: it gets a CONNECT_ERROR packet with the message and, when given, the data
/// (Socket.IO protocol v5, "Connection to a namespace"). Any other exception is reported to the client as "Internal error" only.
/// </summary>
public sealed class ConnectErrorException : Exception
{
    /// <summary>Creates the refusal.</summary>
    /// <param name="message">Text for the client's <c>connect_error</c> handler.</param>
    /// <param name="data">Anything serializable; sent as <c>data</c>, left out when null.</param>
    public ConnectErrorException(string message, object? data = null)
        : base(message) => ErrorData = data;

    /// <summary>What is sent as <c>data</c>; null for nothing.</summary>
    public object? ErrorData { get; }
}
