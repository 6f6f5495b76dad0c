using System.Collections.Concurrent;
using System.Text;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Sockets;

namespace CodeChill.SocketIO;

/// <summary>
/// A namespace: its sockets, rooms, middlewares and connection handlers. Obtained from <see cref="SocketIOServer.Of(string)"/>. All members may
/// be used from any thread.
/// </summary>
public sealed partial class Namespace
{
    private readonly ConcurrentDictionary<string, Socket> _sockets = new(StringComparer.Ordinal);
    private Func<Socket, CancellationToken, ValueTask>[] _middlewares = [];
    private Func<Socket, ValueTask>[] _connectionHandlers = [];
    private Socket[]? _snapshot;
    private long _ackIds;
    private int _outgoingWatched;

    internal Namespace(SocketIOServer server, string name, NamespaceTemplate? template)
    {
        Server = server;
        Name = name;
        Utf8Name = Encoding.UTF8.GetBytes(name);
        Template = template;
        if (server.Options.Recovery is { } recovery) Recovery = new RecoveryLog(recovery, server.Options, server.Time);
    }

    /// <summary>Name with its leading slash; <c>/</c> is the main namespace.</summary>
    public string Name { get; }

    /// <summary>The server it belongs to.</summary>
    public SocketIOServer Server { get; }

    /// <summary>The sockets of this node.</summary>
    public IReadOnlyCollection<Socket> Sockets => All();

    /// <summary>The rooms of this node that have members, without the sockets' own.</summary>
    public IReadOnlyCollection<string> RoomNames => [.. Rooms.Names];

    /// <summary>A broadcast to everybody that is dropped for clients that can't take it at once.</summary>
    public BroadcastOperator Volatile => new BroadcastOperator(this).Volatile;

    /// <summary>A broadcast to everybody on this node.</summary>
    public BroadcastOperator Local => new BroadcastOperator(this).Local;

    /// <summary>Everybody, for the methods of <see cref="BroadcastOperator"/>.</summary>
    public BroadcastOperator Everyone => new(this);

    internal byte[] Utf8Name { get; }

    internal NamespaceTemplate? Template { get; }

    /// <summary>Clients in or entering a matched namespace, guarded by the server.</summary>
    internal int Reservations { get; set; }

    internal RecoveryLog? Recovery { get; }

    internal RoomTable Rooms { get; } = new();

    internal PacketEncoder Encoder => Server.Encoder;

    /// <summary>
    /// Adds a middleware: it runs before a client is admitted, in order of addition. Throw <see cref="ConnectErrorException"/> to refuse.
    /// </summary>
    /// <param name="middleware">Gets the socket, not yet connected, and a token that fires when its connection ends.</param>
    public void Use(Func<Socket, CancellationToken, ValueTask> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_sockets) _middlewares = [.. _middlewares, middleware];
    }

    /// <summary>
    /// Adds a handler for new sockets. Nothing the client sends is dispatched before its task has ended, so the event handlers it adds
    /// are in place in time.
    /// </summary>
    /// <param name="handler">What it throws is logged; the socket stays.</param>
    public void OnConnection(Func<Socket, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_sockets) _connectionHandlers = [.. _connectionHandlers, handler];
    }

    /// <summary>Adds a handler for new sockets that does its work synchronously.</summary>
    /// <param name="handler">What it throws is logged; the socket stays.</param>
    public void OnConnection(Action<Socket> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        OnConnection(socket =>
        {
            handler(socket);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>A room came into being on this node (not raised for sockets' own rooms). Must be quick.</summary>
    public event Action<string>? RoomCreated;

    /// <summary>A room lost its last member of this node. Must be quick.</summary>
    public event Action<string>? RoomDeleted;

    /// <summary>A socket entered a room. Must be quick.</summary>
    public event Action<string, Socket>? RoomJoined;

    /// <summary>A socket left a room, or ended in it. Must be quick.</summary>
    public event Action<string, Socket>? RoomLeft;

    /// <summary>A broadcast to a room.</summary>
    /// <param name="room">Name of a room, or a socket's id.</param>
    public BroadcastOperator To(string room) => new BroadcastOperator(this).To(room);

    /// <summary>A broadcast to everybody except a room's members or a socket.</summary>
    /// <param name="roomOrId">Name of a room, or a socket's id.</param>
    public BroadcastOperator Except(string roomOrId) => new BroadcastOperator(this).Except(roomOrId);

    /// <summary>Sends an event to everybody.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments, as for <see cref="Socket.Emit(string, ReadOnlySpan{object?})"/>.</param>
    public void Emit(string ev, params ReadOnlySpan<object?> args) => new BroadcastOperator(this).Emit(ev, args);

    /// <summary>A socket of this node by its id; null if there is none.</summary>
    /// <param name="id">Id of the socket.</param>
    public Socket? Find(string id) => _sockets.GetValueOrDefault(id);

    internal long NextAckId() => Interlocked.Increment(ref _ackIds) - 1;

    internal void WatchOutgoing() => Interlocked.Exchange(ref _outgoingWatched, 1);

    internal Socket[] All()
    {
        // Cleared after each change and rebuilt from the table, so a snapshot can be new but never older than the last change.
        var snapshot = System.Threading.Volatile.Read(ref _snapshot);
        if (snapshot is not null) return snapshot;
        lock (_sockets)
        {
            snapshot = [.. _sockets.Values];
            System.Threading.Volatile.Write(ref _snapshot, snapshot);
            return snapshot;
        }
    }

    internal void Register(Socket socket)
    {
        lock (_sockets)
        {
            _sockets[socket.Id] = socket;
            _snapshot = null;
        }

        Server.SocketAdded();
    }

    internal void Unregister(Socket socket, string reason)
    {
        lock (_sockets)
        {
            _sockets.TryRemove(socket.Id, out _);
            _snapshot = null;
        }

        Server.SocketRemoved(reason);
    }

    internal async ValueTask RunMiddlewaresAsync(Socket socket)
    {
        if (Template is { } template)
        {
            foreach (var middleware in template.Middlewares) await middleware(socket, socket.Disconnected).ConfigureAwait(false);
        }

        foreach (var middleware in _middlewares) await middleware(socket, socket.Disconnected).ConfigureAwait(false);
    }

    internal async Task RunConnectionHandlersAsync(Socket socket)
    {
        Func<Socket, ValueTask>[] handlers = Template is { } template ? [.. template.ConnectionHandlers, .. _connectionHandlers] : _connectionHandlers;
        foreach (var handler in handlers)
        {
            try
            {
                await handler(socket).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The application's code.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Server.Log.HandlerFailed(e, "connection", Name);
            }
        }
    }

    internal void RoomChanged(string room, Socket socket, bool joined, bool last)
    {
        if (joined)
        {
            if (last) RoomCreated?.Invoke(room);
            RoomJoined?.Invoke(room, socket);
        }
        else
        {
            RoomLeft?.Invoke(room, socket);
            if (last) RoomDeleted?.Invoke(room);
        }
    }
}
