using System.Buffers;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Transports;

namespace CodeChill.SocketIO.Engine;

/// <summary>The send queue: a ring of shared packets, bounded in bytes, empty and unallocated on an idle session.</summary>
internal abstract partial class EngineSession
{
    private const int CoalesceBytes = 64 * 1024;
    private const int KeptSlots = 16;

    private OutPacket[]? _ring;
    private int _head;
    private int _count;
    private long _queuedBytes;
    private bool _flushQueued;

    /// <summary>Bytes queued and being written.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Queues a packet. False when the session is over or a volatile packet was dropped.</summary>
    internal bool Send(OutPacket packet, bool isVolatile = false)
    {
        bool flush = false;
        lock (Gate)
        {
            if (_state != SessionState.Open) return false;
            if (isVolatile && !IsWritable()) return false;
            // A packet larger than the whole limit may pass when nothing else waits; otherwise it could never be sent.
            if (_queuedBytes > 0 && _queuedBytes + packet.Length > Server.Options.MaxSendQueueBytes) goto Slow;
            Enqueue(packet);
            if (!_flushQueued && (_socket is not null || _poll is not null)) _flushQueued = flush = true;
        }

        if (flush) FlushScheduler.Add(this);
        return true;

    Slow:
        Close(DisconnectReasons.SlowConsumer, $"more than {Server.Options.MaxSendQueueBytes} bytes unsent");
        return false;
    }

    /// <summary>Called by the flush scheduler: hands what is queued to the current transport.</summary>
    public void Flush()
    {
        WebSocketConnection? socket;
        PollWaiter? poll = null;
        lock (Gate)
        {
            _flushQueued = false;
            socket = _socket;
            if (socket is null && _poll is not null && _count > 0)
            {
                poll = _poll;
                _poll = null;
            }
        }

        socket?.Pump();
        poll?.TrySetResult(PollOutcome.Data);
    }

    /// <summary>
    /// Takes the next piece for a WebSocket write, under the gate: one packet's own bytes, or several copied into a rented buffer.
    /// </summary>
    internal bool TakeFrames(int? deflateThreshold, out ArraySegment<byte> data, out byte[]? rented, out long packetBytes)
    {
        rented = null;
        packetBytes = 0;
        if (_count == 0)
        {
            data = default;
            return false;
        }

        byte[] first = Wire(_ring![_head], deflateThreshold);
        if (_count == 1 || first.Length + Wire(Peek(1), deflateThreshold).Length > CoalesceBytes)
        {
            packetBytes = Dequeue().Length;
            data = first;
            return true;
        }

        int packets = 0, total = 0;
        while (packets < _count)
        {
            int length = Wire(Peek(packets), deflateThreshold).Length;
            if (total + length > CoalesceBytes) break;
            total += length;
            packets++;
        }

        rented = ArrayPool<byte>.Shared.Rent(total);
        int at = 0;
        for (; packets > 0; packets--)
        {
            var packet = Dequeue();
            byte[] bytes = Wire(packet, deflateThreshold);
            bytes.CopyTo(rented, at);
            at += bytes.Length;
            packetBytes += packet.Length;
        }

        data = new ArraySegment<byte>(rented, 0, at);
        return true;
    }

    /// <summary>Under the gate: the bytes of a finished write no longer count.</summary>
    internal void Written(long packetBytes) => _queuedBytes -= packetBytes;

    /// <summary>Everything queued, for a poll's answer.</summary>
    internal OutPacket[] TakePackets()
    {
        lock (Gate)
        {
            if (_count == 0) return [];
            var packets = new OutPacket[_count];
            for (int i = 0; i < packets.Length; i++)
            {
                packets[i] = Dequeue();
                _queuedBytes -= packets[i].Length;
            }

            return packets;
        }
    }

    private static byte[] Wire(OutPacket packet, int? deflateThreshold) =>
        deflateThreshold is { } threshold ? packet.Deflated(threshold) : packet.Bytes;

    /// <summary>What the reference calls writable: a poll is waiting, or the WebSocket takes bytes and no backlog has formed.</summary>
    private bool IsWritable() => _socket is { } socket ? !socket.IsBlocked && _queuedBytes <= CoalesceBytes : _poll is not null;

    private void Enqueue(OutPacket packet)
    {
        _queuedBytes += packet.Length;
        if (_ring is null)
        {
            _ring = new OutPacket[4];
        }
        else if (_count == _ring.Length)
        {
            var larger = new OutPacket[_ring.Length * 2];
            for (int i = 0; i < _count; i++) larger[i] = Peek(i);
            _ring = larger;
            _head = 0;
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = packet;
        _count++;
    }

    private OutPacket Peek(int index) => _ring![(_head + index) & (_ring.Length - 1)];

    private OutPacket Dequeue()
    {
        var packet = _ring![_head];
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        if (--_count == 0 && _ring.Length > KeptSlots)
        {
            _ring = null;
            _head = 0;
        }

        return packet;
    }

    private void DropQueue()
    {
        while (_count > 0) _queuedBytes -= Dequeue().Length;
    }
}
