using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Sockets;

/// <summary>
/// Connection state recovery of one namespace. Every event without acknowledgement carries an offset as its last argument, so the client can
/// say what it saw last; the packets of the recent past are kept once per emit, in order, found by binary search. What the reference gets
/// wrong is avoided: the clock starts at the join, not at the first event; a volatile event repeats the last offset instead of letting its own last
/// argument be taken for one; a client that was quiet for long recovers although its offset's packet is gone, as the log knows the last packet
/// meant for it; a socket that still seems alive is replaced, so recovery works again and again.
/// </summary>
internal sealed class RecoveryLog(SocketIORecoveryOptions options, SocketIOOptions server, TimeProvider time)
{
    private readonly string _epoch = SecretId.Create()[..6];
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Socket> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Lost> _lost = new(StringComparer.Ordinal);
    private readonly Queue<string> _lostOrder = new();

    // A packet sent just before the network went is lost, too: the server notices only with the ping.
    private readonly TimeSpan _keep = options.MaxDisconnectionDuration + server.PingInterval + server.PingTimeout;
    private long _sequence;
    private long _dropped;
    private long _bytes;
    private int _first;

    /// <summary>Held over numbering, storing and queueing, so that offsets grow in the order packets are sent.</summary>
    public Lock Gate { get; } = new();

    public SocketIORecoveryOptions Options { get; } = options;

    /// <summary>Under the gate: the offset of the next packet, or again that of the last one for a packet that isn't stored.</summary>
    public string Offset(bool isStored) => $"{_epoch}-{(isStored ? ++_sequence : _sequence)}";

    /// <summary>Under the gate.</summary>
    public void Store(OutPacket packet, BroadcastOperator target)
    {
        var now = time.GetTimestamp();
        _entries.Add(new Entry(_sequence, packet, target, now));
        _bytes += packet.Length;
        while (_first < _entries.Count - 1
            && (_bytes > Options.MaxBufferedBytes || time.GetElapsedTime(_entries[_first].At, now) > _keep))
        {
            _bytes -= _entries[_first].Packet.Length;
            _dropped = _entries[_first].Sequence;
            _entries[_first++] = default;
        }

        if (_first < 1024 || _first < _entries.Count / 2) return;
        _entries.RemoveRange(0, _first);
        _first = 0;
    }

    /// <summary>A socket joins; it can be recovered from what is sent from now on.</summary>
    public void Register(Socket socket)
    {
        lock (Gate)
        {
            socket.JoinSequence = socket.LastSequence = _sequence;
            _live[socket.RecoveryId!] = socket;
        }
    }

    /// <summary>Under the gate: a stored packet was queued for a socket.</summary>
    public void Sent(Socket socket) => socket.LastSequence = _sequence;

    /// <summary>A socket ended. Only endings the client didn't ask for can be recovered from.</summary>
    public void Ended(Socket socket, string reason, string[] rooms)
    {
        lock (Gate)
        {
            if (socket.RecoveryId is not { } pid || !_live.Remove(pid)) return;
            bool recoverable = reason is DisconnectReasons.TransportClose or DisconnectReasons.TransportError or DisconnectReasons.PingTimeout
                or DisconnectReasons.ForcedClose or DisconnectReasons.ForcedServerClose or DisconnectReasons.ServerShuttingDown;
            if (!recoverable) return;
            while (_lost.Count >= Options.MaxSessions && _lostOrder.TryDequeue(out string? oldest)) _lost.Remove(oldest);
            _lost[pid] = new Lost(socket.Id, rooms[1..], socket.State, socket.SharedData, socket.JoinSequence, socket.LastSequence, _sequence, time.GetTimestamp());
            _lostOrder.Enqueue(pid);
            if (_lostOrder.Count > 2 * Options.MaxSessions) TrimOrder();
        }
    }

    /// <summary>The socket that still seems alive under this id; its client has come back, so it isn't.</summary>
    public Socket? Alive(string pid)
    {
        lock (Gate) return _live.GetValueOrDefault(pid);
    }

    /// <summary>Gives a lost state back, once. Null when it is unknown, too old, or packets it needs are gone.</summary>
    public Recovered? TryRecover(string pid, string? offset)
    {
        lock (Gate)
        {
            if (!_lost.Remove(pid, out var lost) || time.GetElapsedTime(lost.At) > Options.MaxDisconnectionDuration) return null;
            long seen = lost.Joined;
            if (offset is not null)
            {
                int dash = offset.LastIndexOf('-');
                if (dash < 0 || offset[..dash] != _epoch || !long.TryParse(offset.AsSpan(dash + 1), out seen) || seen > _sequence) return null;
            }

            // When it has seen the last packet meant for it, only what was sent since its end must still be there.
            long from = seen >= lost.Last ? Math.Max(seen, lost.EndedAt) : seen;
            if (_dropped > from) return null;
            return new Recovered(lost.Id, lost.Rooms, lost.State, lost.SharedData, from);
        }
    }

    /// <summary>Under the gate: the packets since an offset that were meant for a socket with these rooms.</summary>
    public List<OutPacket> Missed(long seen, string id, IReadOnlyCollection<string> rooms)
    {
        int low = _first, high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_entries[middle].Sequence <= seen) low = middle + 1;
            else high = middle;
        }

        var missed = new List<OutPacket>();
        for (; low < _entries.Count; low++)
        {
            var target = _entries[low].Target;
            bool reached = target.Rooms.Length == 0 || target.Rooms.Any(room => room == id || rooms.Contains(room));
            bool excluded = target.Sender?.Id == id || target.Exceptions.Any(room => room == id || rooms.Contains(room));
            if (reached && !excluded) missed.Add(_entries[low].Packet);
        }

        return missed;
    }

    private void TrimOrder()
    {
        var kept = _lostOrder.Where(_lost.ContainsKey).Distinct().ToArray();
        _lostOrder.Clear();
        foreach (string pid in kept) _lostOrder.Enqueue(pid);
    }

    internal sealed record Recovered(string Id, string[] Rooms, object? State, object? SharedData, long Seen);

    private readonly record struct Entry(long Sequence, OutPacket Packet, BroadcastOperator Target, long At);

    private sealed record Lost(
        string Id, string[] Rooms, object? State, object? SharedData, long Joined, long Last, long EndedAt, long At);
}
