using CodeChill.SocketIO;

namespace CodeChill.Server.Rooms;

/// <summary>
/// This node's end of one room. Deliveries come in order from the room's grain and become Socket.IO emits here: fan-out is local, and each
/// event is encoded once for all sockets of its audience. Waiters learn when a delivery has been passed on, so that an acknowledgement
/// never overtakes the event it belongs behind.
/// </summary>
internal sealed partial class RoomRelay(string roomId, Namespace sockets, RoomRelays owner, ILogger logger) : IRoomRelay
{
    /// <summary>The event that is not for clients: their transport is cut, and they come back by themselves.</summary>
    public const string CutEvent = "$cut";

    private static readonly TimeSpan MarkTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ReattachedSocket> _members = [];
    private readonly List<(RelayMark Mark, TaskCompletionSource Reached)> _waiters = [];
    private Guid _epoch;
    private long _seq;

    public string RoomId => roomId;

    /// <summary>What the grain calls this relay by.</summary>
    public IRoomRelay? Reference { get; set; }

    /// <summary>The sockets that the grain has let in through this relay.</summary>
    public IReadOnlyList<ReattachedSocket> Members
    {
        get
        {
            lock (_gate)
                return [.. _members.Values];
        }
    }

    public Task DeliverAsync(Guid epoch, RoomDelivery delivery)
    {
        try
        {
            Pass(delivery);
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "A delivery of room {RoomId} was not passed on", roomId);
        }

        lock (_gate)
        {
            (_epoch, _seq) = (epoch, delivery.Seq);
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Mark.Epoch == epoch && _waiters[i].Mark.Seq > delivery.Seq)
                    continue;
                _waiters[i].Reached.TrySetResult();
                _waiters.RemoveAt(i);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Waits until everything up to the mark has been emitted.</summary>
    public async Task ReachedAsync(RelayMark mark)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            if (mark.Epoch == default || (_epoch == mark.Epoch && _seq >= mark.Seq))
                return;
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((mark, reached));
        }

        try
        {
            await reached.Task.WaitAsync(MarkTimeout);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("Room {RoomId}: delivery {Seq} did not come", roomId, mark.Seq);
        }
    }

    /// <summary>Takes out a socket that the grain does not know (a fresh activation, a room that is gone).</summary>
    public void Forget(string socketId, bool tellSocket)
        => Detach(new SocketDetached { Seq = 0, SocketId = socketId, Name = tellSocket ? "room_left" : null, Payload = new RoomLeftEvent(roomId) });

    private string GroupOf(Audience audience) => audience switch
    {
        Audience.WholeText => $"room:{roomId}:text",
        Audience.Yjs => $"room:{roomId}:yjs",
        _ => $"room:{roomId}",
    };

    private void Pass(RoomDelivery delivery)
    {
        if (PassToYjs(delivery))
            return;
        switch (delivery)
        {
            case RoomEvent { Name: CutEvent }:
                foreach (var member in Members)
                    sockets.Find(member.Socket.SocketId)?.Abort();
                break;
            case RoomEvent { Only: { } only } told:
                sockets.Find(only)?.Emit(told.Name, told.Payload);
                break;
            case RoomEvent told:
                var operation = sockets.To(GroupOf(told.Audience));
                foreach (var except in told.Except)
                    operation = operation.Except(except);
                (told.Volatile ? operation.Volatile : operation).Emit(told.Name, told.Payload);
                break;
            case SocketAttached attached:
                Attach(attached);
                break;
            case SocketSynced synced when sockets.Find(synced.SocketId) is { } socket:
                socket.Leave(GroupOf(Audience.WholeText));
                socket.Join(GroupOf(Audience.Yjs));
                lock (_gate)
                {
                    if (_members.TryGetValue(synced.SocketId, out var member))
                        _members[synced.SocketId] = member with { Audience = Audience.Yjs };
                }

                break;
            case SocketDetached detached:
                Detach(detached);
                break;
        }
    }

    private void Attach(SocketAttached attached)
    {
        if (sockets.Find(attached.SocketId) is not { State: SocketSession session } socket)
            return;
        lock (_gate)
            _members[attached.SocketId] = new ReattachedSocket(session.IdentityOf(socket.Id), attached.Audience);
        socket.Join(GroupOf(Audience.All));
        socket.Join(GroupOf(attached.Audience == Audience.Yjs ? Audience.Yjs : Audience.WholeText));
        session.Room = this;
        if (attached.Joined is { } joined)
            socket.Emit("room_joined", joined);
    }

    private void Detach(SocketDetached detached)
    {
        bool empty;
        lock (_gate)
        {
            _members.Remove(detached.SocketId);
            empty = _members.Count == 0;
        }

        if (sockets.Find(detached.SocketId) is { } socket)
        {
            foreach (var audience in new[] { Audience.All, Audience.WholeText, Audience.Yjs })
                socket.Leave(GroupOf(audience));
            if (socket.State is SocketSession session && session.Room == this)
                session.Room = null;
            if (detached.Name is { } name)
            {
                socket.Emit(name, detached.Payload);
                if (name != "room_left")
                    socket.Emit("room_left", new RoomLeftEvent(roomId));
            }
        }

        if (empty)
            owner.Drop(this);
    }
}
