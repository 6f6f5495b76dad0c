using System.Diagnostics.CodeAnalysis;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Sockets;

namespace CodeChill.SocketIO;

/// <summary>
/// One client in one namespace. Theory of operation: what arrives for a socket (its connection handlers, events, its end) forms one queue
/// that a single dispatcher works off in order (<c>Socket.Inbound.cs</c>); acknowledgements bypass it, as a handler may be waiting for
/// one. The end of the connection takes effect at once: the socket leaves its rooms, sends nothing more and <see cref="Disconnected"/>
/// fires; the disconnect handlers run after the events that had arrived before. All members may be used from any thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer and no wait handle; there is nothing to dispose.")]
public sealed partial class Socket
{
    private readonly Lock _gate = new();
    private readonly HandlerTable _handlers = new();
    private readonly List<string> _rooms;
    private CancellationTokenSource? _disconnected;
    private Func<SocketEvent, ValueTask>[] _any = [];
    private Action<string, IReadOnlyList<object?>>[] _anyOutgoing = [];
    private Func<SocketEvent, ValueTask<bool>>[] _middlewares = [];
    private Func<string, ValueTask>[] _disconnectingHandlers = [];
    private Func<string, ValueTask>[] _disconnectHandlers = [];
    private Phase _phase;

    internal Socket(Namespace nsp, ClientSession client, string id, Handshake handshake, string? recoveryId = null)
    {
        RecoveryId = recoveryId;
        Namespace = nsp;
        Client = client;
        Id = id;
        Handshake = handshake;
        _rooms = [id];
    }

    private enum Phase : byte
    {
        /// <summary>Middlewares are running; the client hasn't been answered.</summary>
        Connecting,
        Connected,
        Disconnected,
    }

    /// <summary>Public id, unique over the cluster; also the name of the socket's own room.</summary>
    public string Id { get; }

    /// <summary>What the client sent when it connected.</summary>
    public Handshake Handshake { get; }

    /// <summary>The namespace this socket belongs to.</summary>
    public Namespace Namespace { get; }

    /// <summary>The rooms it is in, its own first; in disconnect handlers those it was in when it went.</summary>
    public IReadOnlyCollection<string> Rooms
    {
        get
        {
            lock (_gate) return [.. _rooms];
        }
    }

    /// <summary>Anything the application wants to keep with the socket.</summary>
    public object? State { get; set; }

    /// <summary>
    /// What other nodes see of the socket when they fetch it (the reference's <c>data</c>); must be serializable. Null is seen as an empty object.
    /// </summary>
    public object? SharedData { get; set; }

    /// <summary>Whether the client is in the namespace. False while middlewares run and from the end on.</summary>
    public bool Connected => _phase == Phase.Connected;

    /// <summary>Fires when the client has left or its connection ended.</summary>
    public CancellationToken Disconnected
    {
        get
        {
            lock (_gate)
            {
                if (_disconnected is not null) return _disconnected.Token;
                if (_phase == Phase.Disconnected) return new CancellationToken(canceled: true);
                return (_disconnected = new CancellationTokenSource()).Token;
            }
        }
    }

    /// <summary>Why the connection ended in more words than the reason given to handlers; null while it lives.</summary>
    public string? DisconnectDescription { get; private set; }

    /// <summary>The transport in use now: <c>polling</c> or <c>websocket</c>.</summary>
    public string Transport => Client.IsWebSocket ? "websocket" : "polling";

    /// <summary>Whether the state of a lost connection was given back to this socket (<see cref="SocketIOOptions.Recovery"/>).</summary>
    public bool Recovered { get; private set; }

    internal ClientSession Client { get; }

    /// <summary>The secret a client proves with that a lost socket was its own; null when recovery is off.</summary>
    internal string? RecoveryId { get; }

    /// <summary>Sequence number of the namespace's log when the socket joined, guarded by the log.</summary>
    internal long JoinSequence { get; set; }

    /// <summary>Sequence number of the last stored packet queued for the socket, guarded by the log.</summary>
    internal long LastSequence { get; set; }

    /// <summary>Adds a handler for an event. Several run in the order they were added.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="handler">See <see cref="SocketIOOptions.SequentialHandlers"/> for when its task is awaited. What it throws is logged.</param>
    public void On(string ev, Func<SocketEvent, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(ev);
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _handlers.Add(ev, handler);
    }

    /// <summary>Adds a handler that does its work synchronously.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="handler">What it throws is logged.</param>
    public void On(string ev, Action<SocketEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        On(ev, e =>
        {
            handler(e);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Removes all handlers of an event.</summary>
    /// <param name="ev">Name of the event.</param>
    public void Off(string ev)
    {
        lock (_gate) _handlers.Remove(ev);
    }

    /// <summary>Adds a handler that sees every event, before its own handlers.</summary>
    /// <param name="handler">What it throws is logged.</param>
    public void OnAny(Func<SocketEvent, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _any = [.. _any, handler];
    }

    /// <summary>Adds a handler that sees every event sent to this client, broadcasts of this node included.</summary>
    /// <param name="handler">Called with name and arguments on the sender's thread; it must be quick.</param>
    public void OnAnyOutgoing(Action<string, IReadOnlyList<object?>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _anyOutgoing = [.. _anyOutgoing, handler];
        Namespace.WatchOutgoing();
    }

    /// <summary>Adds a middleware for events: returning false drops the event. Runs after catch-all handlers, before the event's own.</summary>
    /// <param name="middleware">What it throws is logged and drops the event.</param>
    public void Use(Func<SocketEvent, ValueTask<bool>> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_gate) _middlewares = [.. _middlewares, middleware];
    }

    /// <summary>Adds a handler for the end that can still read <see cref="Rooms"/>.</summary>
    /// <param name="handler">Called with one of <see cref="DisconnectReasons"/>.</param>
    public void OnDisconnecting(Func<string, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _disconnectingHandlers = [.. _disconnectingHandlers, handler];
    }

    /// <summary>Adds a handler for the end, after the <see cref="OnDisconnecting"/> ones.</summary>
    /// <param name="handler">Called with one of <see cref="DisconnectReasons"/>.</param>
    public void OnDisconnect(Func<string, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _disconnectHandlers = [.. _disconnectHandlers, handler];
    }

    /// <summary>
    /// Enters a room. Does nothing when the socket is in it or has gone, so a late call of a handler can't bring a room back to life.
    /// </summary>
    /// <param name="room">Name of the room, at most 512 characters.</param>
    /// <exception cref="ArgumentException">The name is empty or too long.</exception>
    /// <exception cref="InvalidOperationException">The socket is in <see cref="SocketIOOptions.MaxRoomsPerSocket"/> rooms already.</exception>
    public void Join(string room)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        if (room.Length > 512) throw new ArgumentException("A room's name has at most 512 characters.", nameof(room));
        bool created;
        lock (_gate)
        {
            if (_phase == Phase.Disconnected || _rooms.Contains(room)) return;
            int limit = Client.Io.Options.MaxRoomsPerSocket;
            if (_rooms.Count >= limit) throw new InvalidOperationException($"The socket is in {limit} rooms, which is the limit.");
            _rooms.Add(room);
            created = Namespace.Rooms.Add(room, this);
        }

        Namespace.RoomChanged(room, this, joined: true, created);
    }

    /// <summary>Leaves a room; nothing happens if the socket isn't in it. Its own room can't be left.</summary>
    /// <param name="room">Name of the room.</param>
    public void Leave(string room)
    {
        bool deleted;
        lock (_gate)
        {
            if (room == Id || _phase == Phase.Disconnected || !_rooms.Remove(room)) return;
            deleted = Namespace.Rooms.Remove(room, this);
        }

        Namespace.RoomChanged(room, this, joined: false, deleted);
    }

    /// <summary>Whether the socket is in a room.</summary>
    /// <param name="room">Name of the room.</param>
    public bool IsIn(string room)
    {
        lock (_gate) return _phase != Phase.Disconnected && _rooms.Contains(room);
    }

    /// <summary>
    /// Ends the socket. The client is told and, as it was asked to leave, doesn't reconnect by itself.
    /// </summary>
    /// <param name="close">Whether to end the whole connection, with the client's sockets in other namespaces.</param>
    public void Disconnect(bool close = false)
    {
        if (close)
        {
            Client.DisconnectAll();
            return;
        }

        if (_phase != Phase.Connected) return;
        Client.Send(PacketEncoder.Raw(SocketPacketType.Disconnect, Namespace.Name, -1, [], []));
        Close(DisconnectReasons.ServerNamespaceDisconnect, null);
    }

    /// <summary>
    /// Ends the whole connection without telling the client to stay away: it sees a closed transport and reconnects by itself.
    /// </summary>
    public void Abort() => Client.Abort();

    internal string? KnownName(ReadOnlySpan<byte> utf8) => _handlers.Known(utf8);

    /// <summary>Middlewares are through: the socket becomes reachable. False when the connection ended meanwhile.</summary>
    internal bool BeginConnected()
    {
        lock (_gate)
        {
            if (_phase != Phase.Connecting) return false;
            _phase = Phase.Connected;
            Namespace.Register(this);
            return true;
        }
    }

    /// <summary>A client whose state was kept gets it back before anybody sees the socket.</summary>
    internal void Restore(IEnumerable<string> rooms, object? state, object? sharedData)
    {
        foreach (string room in rooms) Join(room);
        Recovered = true;
        State = state;
        SharedData = sharedData;
    }

    /// <summary>Takes effect once, whoever calls first.</summary>
    internal void Close(string reason, string? description)
    {
        bool wasConnected;
        string[] rooms;
        CancellationTokenSource? source;
        lock (_gate)
        {
            if (_phase == Phase.Disconnected) return;
            wasConnected = _phase == Phase.Connected;
            _phase = Phase.Disconnected;
            DisconnectDescription = description;
            source = _disconnected;
            rooms = [.. _rooms];
        }

        Client.Forget(this);
        Namespace.Recovery?.Ended(this, reason, rooms);
        if (wasConnected) Namespace.Unregister(this, reason);
        foreach (string room in rooms.AsSpan(1))
            Namespace.RoomChanged(room, this, joined: false, Namespace.Rooms.Remove(room, this));
        Namespace.Server.Release(Namespace);
        DropAcks();
        source?.Cancel();
        if (wasConnected) PostEnd(reason);
    }
}
