using CodeChill.SocketIO.Adapters;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>Broadcasts: whom they reach, and that they are encoded once.</summary>
public sealed partial class Namespace
{
    internal ClusterNamespace? Cluster { get; set; }

    internal void Broadcast(BroadcastOperator target, string ev, ReadOnlySpan<object?> args)
    {
        ArgumentNullException.ThrowIfNull(ev);
        IReadOnlyList<object?>? watched = _outgoingWatched != 0 ? args.ToArray() : null;
        if (Recovery is { } recovery)
        {
            lock (recovery.Gate)
            {
                string offset = recovery.Offset(isStored: !target.IsVolatile);
                var numbered = Encoder.Event(Name, -1, ev, args, target.Compressed, offset);
                if (!target.IsVolatile) recovery.Store(numbered, target);
                Deliver(target, numbered, ev, watched);
            }
        }
        else
        {
            Deliver(target, Encoder.Event(Name, -1, ev, args, target.Compressed), ev, watched);
        }

        if (!target.IsLocal) Cluster?.Broadcast(target, ev, args);
    }

    /// <summary>Gives a finished packet to the chosen sockets of this node; returns how many took it.</summary>
    internal int Deliver(BroadcastOperator target, OutPacket packet, string ev, IReadOnlyList<object?>? watched)
    {
        int sent = 0;
        foreach (var socket in Candidates(target, out bool filter))
        {
            if (ReferenceEquals(socket, target.Sender) || (filter && IsExcluded(socket, target))) continue;
            if (watched is not null) socket.NotifyOutgoing(ev, watched);
            socket.SendPacket(packet, target.IsVolatile);
            if (Recovery is { } recovery && !target.IsVolatile) recovery.Sent(socket);
            sent++;
        }

        return sent;
    }

    internal async Task<BroadcastAckResult> BroadcastWithAckAsync(
        BroadcastOperator target, string ev, object?[] args, TimeSpan timeout, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ev);
        ArgumentNullException.ThrowIfNull(args);
        long id = NextAckId();
        var packet = Encoder.Event(Name, id, ev, args, target.Compressed);
        var remote = target.IsLocal ? null : Cluster?.BroadcastWithAck(target, ev, args, timeout, ct);
        var answers = new List<AckResult>();
        var waiting = new List<Task>();
        foreach (var socket in Select(target))
        {
            socket.NotifyOutgoing(ev, args);
            waiting.Add(CollectAsync(socket));
        }

        int expected = waiting.Count;
        await Task.WhenAll(waiting).ConfigureAwait(false);
        if (remote is not null)
        {
            var (arguments, clients) = await remote.ConfigureAwait(false);
            expected += clients;
            foreach (var argument in arguments) answers.Add(new AckResult(null, AckStatus.Acknowledged, argument));
        }

        return new BroadcastAckResult(answers, expected);

        async Task CollectAsync(Socket socket)
        {
            var result = await socket.SendAwaitingAck(id, packet, timeout, ct).ConfigureAwait(false);
            if (!result.IsAcknowledged) return;
            lock (waiting) answers.Add(result);
        }
    }

    /// <summary>The chosen sockets of this node.</summary>
    internal List<Socket> Select(BroadcastOperator target)
    {
        var selected = new List<Socket>();
        foreach (var socket in Candidates(target, out bool filter))
        {
            if (!ReferenceEquals(socket, target.Sender) && !(filter && IsExcluded(socket, target))) selected.Add(socket);
        }

        return selected;
    }

    private Socket[] Candidates(BroadcastOperator target, out bool filter)
    {
        filter = target.Exceptions.Length > 0;
        string[] rooms = target.Rooms;
        if (rooms.Length == 0) return All();
        if (rooms.Length == 1)
        {
            var members = Rooms.Members(rooms[0]);
            return Find(rooms[0]) is not { } own ? members : members.Contains(own) ? members : [.. members, own];
        }

        // Only several rooms can hold a socket twice.
        var union = new HashSet<Socket>();
        foreach (string room in rooms)
        {
            union.UnionWith(Rooms.Members(room));
            if (Find(room) is { } own) union.Add(own);
        }

        return [.. union];
    }

    private static bool IsExcluded(Socket socket, BroadcastOperator target)
    {
        foreach (string exception in target.Exceptions)
        {
            if (socket.IsIn(exception)) return true;
        }

        return false;
    }
}
