using System.Buffers;
using CodeChill.SocketIO.Transports;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>
/// A WebSocket's descriptor after Kestrel let go of it. Reads into the loop's buffer and keeps only the beginning of a frame that isn't complete, so
/// an idle connection has no buffer. Writes from whatever thread owns the connection's writing; what the kernel doesn't take waits
/// for the loop. The descriptor is closed on the loop's thread when reading has ended and no write is under way.
/// </summary>
internal sealed class RawSocket(Loop loop, int fd, byte[]? early) : LoopSource
{
    private const int MinReceive = 4 * 1024;

    private readonly Lock _gate = new();
    private WebSocketConnection? _owner;
    private byte[]? _part;
    private int _partLength;
    private ArraySegment<byte> _unsent;
    private byte[]? _rented;
    private uint _interest;
    private bool _ended;
    private bool _closed;

    /// <summary>Starts to read; from any thread.</summary>
    public void Start(WebSocketConnection owner)
    {
        _owner = owner;
        loop.Post(static s => ((RawSocket)s).Begin(), this);
    }

    /// <summary>
    /// Writes, owning <paramref name="rented"/>. True when the kernel took everything; otherwise the rest follows and <see cref="WebSocketConnection.Completed"/>
    /// is called.
    /// </summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public bool Write(ArraySegment<byte> data, byte[]? rented)
    {
        int error = Send(ref data);
        if (error == 0)
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
            return true;
        }

        if (error != -Libc.TryAgain)
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
            throw new IOException($"Write failed with error {-error}.");
        }

        _unsent = data;
        _rented = rented;
        _owner!.MarkBlocked();
        Watch(Libc.EpollOut, Libc.EpollOut);
        return false;
    }

    /// <summary>Ends reading and writing; from any thread.</summary>
    public void Abort() => loop.Post(static s => ((RawSocket)s).ShutDown(), this);

    /// <summary>The owner has written its last.</summary>
    public void Close() => loop.Post(static s => ((RawSocket)s).CloseNow(), this);

    internal override void OnReady(uint events)
    {
        if ((events & Libc.EpollOut) != 0) ContinueWrite();
        if (_ended)
        {
            // Nothing is awaited any more, but a hang-up is reported all the same.
            if ((events & (Libc.EpollError | Libc.EpollHangUp)) != 0) ContinueWrite();
            return;
        }

        if ((events & Libc.EpollIn) != 0) Read();
        else if ((events & (Libc.EpollError | Libc.EpollHangUp)) != 0) End(DisconnectReasons.TransportError, "connection reset");
    }

    internal override void OnFailure(Exception error)
    {
        ShutDown();
        End(DisconnectReasons.TransportError, error.Message);
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (_closed) return;
            loop.Add(this, fd, _interest);
        }

        if (early is { } bytes && !Process(bytes, 0, bytes.Length)) return;
        Watch(Libc.EpollIn, Libc.EpollIn);
    }

    private void Read()
    {
        byte[] target = loop.Buffer;
        int offset = 0;
        if (_part is { } part)
        {
            if (part.Length - _partLength < MinReceive)
            {
                _part = ArrayPool<byte>.Shared.Rent(part.Length * 2);
                part.AsSpan(0, _partLength).CopyTo(_part);
                ArrayPool<byte>.Shared.Return(part);
            }

            target = _part;
            offset = _partLength;
        }

        int n = Libc.Receive(fd, target.AsSpan(offset));
        if (n > 0) Process(target, offset, n);
        else if (n is not (-Libc.TryAgain or -Libc.Interrupted))
            End(n == 0 ? DisconnectReasons.TransportClose : DisconnectReasons.TransportError, n == 0 ? null : $"read failed with error {-n}");
    }

    /// <summary>False when the connection has ended or pauses.</summary>
    private bool Process(byte[] buffer, int offset, int received)
    {
        var bytes = new ReadOnlySequence<byte>(buffer, 0, offset + received);
        bool proceed = _owner!.Receive(ref bytes);
        Keep(buffer, bytes);
        if (!proceed)
        {
            End(DisconnectReasons.TransportClose, null);
            return false;
        }

        if (_owner.WaitForRoom() is { } room)
        {
            Watch(0, Libc.EpollIn);
            _ = ResumeAsync(room);
            return false;
        }

        return true;
    }

    /// <summary>Keeps the beginning of a frame for the next read.</summary>
    private void Keep(byte[] buffer, in ReadOnlySequence<byte> left)
    {
        int length = (int)left.Length;
        var rest = left.FirstSpan;
        if (ReferenceEquals(buffer, _part) && length > 0 && buffer.Length <= Math.Max(4 * MinReceive, 4 * length))
        {
            rest.CopyTo(buffer);
            _partLength = length;
            return;
        }

        byte[]? old = _part;
        _part = null;
        _partLength = 0;
        if (length > 0)
        {
            _part = ArrayPool<byte>.Shared.Rent(length);
            rest.CopyTo(_part);
            _partLength = length;
        }

        if (old is not null) ArrayPool<byte>.Shared.Return(old);
    }

    private async Task ResumeAsync(Task room)
    {
        await room.ConfigureAwait(false);
        loop.Post(static s => ((RawSocket)s).Watch(Libc.EpollIn, Libc.EpollIn), this);
    }

    private void ContinueWrite()
    {
        byte[]? rented = _rented;
        if (_unsent.Count == 0) return;
        int error = Send(ref _unsent);
        if (error == -Libc.TryAgain) return;
        _unsent = default;
        _rented = null;
        Watch(0, Libc.EpollOut);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        _owner!.Completed(error == 0 ? null : new IOException($"Write failed with error {-error}."));
        if (error == 0) _owner.Pump();
    }

    private int Send(ref ArraySegment<byte> data)
    {
        while (data.Count > 0)
        {
            int n = Libc.Send(fd, data);
            if (n == -Libc.Interrupted) continue;
            if (n < 0) return n;
            data = data[n..];
        }

        return 0;
    }

    private void Watch(uint on, uint mask)
    {
        lock (_gate)
        {
            if (_closed) return;
            uint interest = (_interest & ~mask) | (_ended ? on & ~Libc.EpollIn : on);
            if (interest == _interest) return;
            _interest = interest;
            // A write before the loop has begun to watch: it will begin with this interest.
            if (Slot >= 0) loop.Watch(this, fd, interest);
        }
    }

    private void End(string reason, string? description)
    {
        if (_ended) return;
        Watch(0, Libc.EpollIn);
        _ended = true;
        if (_part is not null) ArrayPool<byte>.Shared.Return(_part);
        _part = null;
        // Closes now or with the end of the write that is under way.
        _owner!.Ended(reason, description);
    }

    private void ShutDown()
    {
        if (!_closed) Libc.Shutdown(fd);
    }

    private void CloseNow()
    {
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            loop.Remove(this, fd);
            Libc.Shutdown(fd);
            Libc.Close(fd);
        }
    }
}
