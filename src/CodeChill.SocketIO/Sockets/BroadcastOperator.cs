using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>
/// A choice of sockets in one namespace: rooms to reach (none: all), rooms or sockets to leave out, and flags. Immutable; every method that
/// narrows it returns another. A socket in several of the rooms is reached once. Covers all nodes of a cluster unless <see cref="Local"/>.
/// </summary>
public sealed class BroadcastOperator
{
    private static readonly string[] None = [];

    internal BroadcastOperator(Namespace nsp, Socket? sender = null)
    {
        Namespace = nsp;
        Sender = sender;
        Rooms = None;
        Exceptions = None;
        Compressed = true;
    }

    private BroadcastOperator(BroadcastOperator source)
    {
        Namespace = source.Namespace;
        Sender = source.Sender;
        Rooms = source.Rooms;
        Exceptions = source.Exceptions;
        IsVolatile = source.IsVolatile;
        IsLocal = source.IsLocal;
        Compressed = source.Compressed;
    }

    internal Namespace Namespace { get; }

    /// <summary>Left out, and known as an object: no lookup for the usual "everybody but me".</summary>
    internal Socket? Sender { get; }

    internal string[] Rooms { get; private init; }

    internal string[] Exceptions { get; private init; }

    internal bool IsVolatile { get; private init; }

    internal bool IsLocal { get; private init; }

    internal bool Compressed { get; private init; }

    /// <summary>The same, dropping the event for clients that can't take it at once.</summary>
    public BroadcastOperator Volatile => new(this) { IsVolatile = true };

    /// <summary>The same, on this node only.</summary>
    public BroadcastOperator Local => new(this) { IsLocal = true };

    /// <summary>Adds a room.</summary>
    /// <param name="room">Name of a room, or a socket's id.</param>
    public BroadcastOperator To(string room)
    {
        ArgumentException.ThrowIfNullOrEmpty(room);
        return new BroadcastOperator(this) { Rooms = [.. Rooms, room] };
    }

    /// <summary>Adds rooms.</summary>
    /// <param name="rooms">Names of rooms, or socket ids.</param>
    public BroadcastOperator To(IEnumerable<string> rooms) => new(this) { Rooms = [.. Rooms, .. rooms] };

    /// <summary>Leaves out a room's members or a socket.</summary>
    /// <param name="roomOrId">Name of a room, or a socket's id.</param>
    public BroadcastOperator Except(string roomOrId)
    {
        ArgumentException.ThrowIfNullOrEmpty(roomOrId);
        return new BroadcastOperator(this) { Exceptions = [.. Exceptions, roomOrId] };
    }

    /// <summary>The same, with or without compression where the transport has it.</summary>
    /// <param name="compress">False to send as is.</param>
    public BroadcastOperator Compress(bool compress) => new(this) { Compressed = compress };

    /// <summary>Sends an event to all chosen sockets. It is encoded once; the bytes are shared.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments, as for <see cref="Socket.Emit(string, ReadOnlySpan{object?})"/>.</param>
    public void Emit(string ev, params ReadOnlySpan<object?> args) => Namespace.Broadcast(this, ev, args);

    /// <summary>
    /// Sends an event and collects the acknowledgements of all chosen sockets, over all nodes.
    /// </summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments, as for <see cref="Socket.Emit(string, ReadOnlySpan{object?})"/>.</param>
    /// <param name="timeout">How long to wait for the slowest.</param>
    /// <param name="ct">Gives up waiting.</param>
    /// <returns>The answers that came; <see cref="BroadcastAckResult.IsComplete"/> tells whether all did.</returns>
    public Task<BroadcastAckResult> EmitWithAckAsync(string ev, object?[] args, TimeSpan timeout, CancellationToken ct = default) =>
        Namespace.BroadcastWithAckAsync(this, ev, args, timeout, ct);

    /// <summary>Puts all chosen sockets into a room.</summary>
    /// <param name="room">Name of the room.</param>
    public void SocketsJoin(string room)
    {
        foreach (var socket in Namespace.Select(this)) socket.Join(room);
        if (!IsLocal) Namespace.Cluster?.SocketsJoin(this, room);
    }

    /// <summary>Takes all chosen sockets out of a room.</summary>
    /// <param name="room">Name of the room.</param>
    public void SocketsLeave(string room)
    {
        foreach (var socket in Namespace.Select(this)) socket.Leave(room);
        if (!IsLocal) Namespace.Cluster?.SocketsLeave(this, room);
    }

    /// <summary>Disconnects all chosen sockets, after what was sent to them before.</summary>
    /// <param name="close">Whether to end their whole connections.</param>
    public void DisconnectSockets(bool close = false)
    {
        foreach (var socket in Namespace.Select(this)) socket.Disconnect(close);
        if (!IsLocal) Namespace.Cluster?.DisconnectSockets(this, close);
    }

    /// <summary>The chosen sockets of this node.</summary>
    public IReadOnlyCollection<Socket> LocalSockets() => Namespace.Select(this);

    /// <summary>
    /// The chosen sockets of all nodes. Nodes that don't answer in time are left out: a part of the truth is worth more than an error.
    /// </summary>
    /// <param name="ct">Gives up waiting.</param>
    public async Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken ct = default)
    {
        var found = new List<RemoteSocket>();
        foreach (var socket in Namespace.Select(this)) found.Add(new RemoteSocket(socket));
        if (!IsLocal && Namespace.Cluster is { } cluster) found.AddRange(await cluster.FetchSocketsAsync(this, ct).ConfigureAwait(false));
        return found;
    }
}
