namespace CodeChill.SocketIO;

/// <summary>
/// Middlewares and connection handlers of the namespaces that a matcher admits (<see cref="SocketIOServer.OfMatching(Func{string, Handshake, ValueTask{bool}})"/>).
/// Such a namespace comes into being with its first client and goes with its last.
/// </summary>
public sealed class NamespaceTemplate
{
    private readonly SocketIOServer _server;

    internal NamespaceTemplate(SocketIOServer server, Func<string, Handshake, ValueTask<bool>> matches)
    {
        _server = server;
        Matches = matches;
    }

    internal Func<string, Handshake, ValueTask<bool>> Matches { get; }

    internal Func<Socket, CancellationToken, ValueTask>[] Middlewares { get; private set; } = [];

    internal Func<Socket, ValueTask>[] ConnectionHandlers { get; private set; } = [];

    /// <summary>Adds a middleware, see <see cref="Namespace.Use"/>.</summary>
    /// <param name="middleware">The middleware.</param>
    public void Use(Func<Socket, CancellationToken, ValueTask> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_server) Middlewares = [.. Middlewares, middleware];
    }

    /// <summary>Adds a handler for new sockets, see <see cref="Namespace.OnConnection(Func{Socket, ValueTask})"/>.</summary>
    /// <param name="handler">The handler.</param>
    public void OnConnection(Func<Socket, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_server) ConnectionHandlers = [.. ConnectionHandlers, handler];
    }

    /// <summary>Sends an event to everybody in the namespaces that exist now.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments.</param>
    public void Emit(string ev, params ReadOnlySpan<object?> args)
    {
        foreach (var nsp in _server.Namespaces)
        {
            if (ReferenceEquals(nsp.Template, this)) nsp.Emit(ev, args);
        }
    }
}
