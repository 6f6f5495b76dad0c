using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using CodeChill.Server.Auth;
using CodeChill.SocketIO;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// One WebSocket of the y-websocket endpoint. Theory of operation: reading is .NET's WebSocket over the connection's stream, which waits
/// without a buffer; what it wants to write (pongs, the close frame) is put into our queue by <see cref="QueueStream"/>. Everything else is
/// queued as finished frames, which many connections share. A <see cref="FlushLane"/> takes all that is queued and writes it with one call.
/// Writes go to the socket itself when that is possible: the client's first frame proves that the answer to its handshake, the only thing
/// that ever went through the server's pipe, has arrived; until then nothing is written.
/// </summary>
internal sealed class YjsConnection : IFlushable, IDisposable
{
    private const int FirstBuffer = 4096;

    private readonly Lock _gate = new();
    private readonly WebSocketUpgrade _transport;
    private readonly FlushLane _lane;
    private readonly TimeProvider _clock;
    private readonly WebSocket _webSocket;
    private readonly CancellationTokenSource _over = new();
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _latest = [];
    private List<ReadOnlyMemory<byte>> _queue = [];
    private List<ReadOnlyMemory<byte>> _flushing = [];
    private TaskCompletionSource? _drained;
    private long _queuedBytes;
    private bool _ready;
    private bool _scheduled;
    private bool _direct;
    private bool _ended;
    private int _closing;
    private long _heardAt;
    private long _saidAt;
    private long _writingSince;

    public YjsConnection(string id, Caller caller, System.Net.IPAddress? address, WebSocketUpgrade transport, FlushLane lane, TimeProvider clock)
    {
        (Id, Caller, Address, _transport, _lane, _clock) = (id, caller, address, transport, lane, clock);
        _webSocket = WebSocket.CreateFromStream(new QueueStream(this), new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
        _heardAt = _saidAt = clock.GetTimestamp();
        _ready = transport.Socket is null;
    }

    public string Id { get; }

    public Caller Caller { get; }

    public System.Net.IPAddress? Address { get; }

    /// <summary>Why we closed it, 0 while we haven't.</summary>
    public int CloseCode { get; private set; }

    /// <summary>While set nothing is read on purpose, so silence means nothing.</summary>
    public bool IsReadingPaused { get; set; }

    /// <summary>Ends when the connection does.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>
    /// Queues a frame. <paramref name="isAsked"/>: the client asked for it, so it does not count as piling up (and whoever answers waits for
    /// <see cref="DrainedAsync"/> before answering more).
    /// </summary>
    public void Send(ReadOnlyMemory<byte> frame, bool isAsked = false)
    {
        bool tooSlow;
        lock (_gate)
        {
            if (_ended)
                return;
            _queue.Add(frame);
            _queuedBytes += isAsked ? 0 : frame.Length;
            tooSlow = _queuedBytes > YjsLimits.QueueBytes;
            if (!tooSlow && !Schedule())
                return;
        }

        if (tooSlow)
            Abort();
        else
            _lane.Add(this);
    }

    /// <summary>Queues what a peer shows of itself. For a reader who is behind only the latest of each peer is kept.</summary>
    public void SendLatest(string source, ReadOnlyMemory<byte> frame)
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _latest[source] = frame;
            if (!Schedule())
                return;
        }

        _lane.Add(this);
    }

    /// <summary>Waits until everything queued so far is written, or the connection is over.</summary>
    public Task DrainedAsync()
    {
        lock (_gate)
        {
            return _ended || (!_scheduled && _queue.Count == 0)
                ? Task.CompletedTask
                : (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Hands every message to <paramref name="handle"/>, one after the other, until the connection is over. Never throws.</summary>
    public async Task ReadAsync(Func<ReadOnlyMemory<byte>, ValueTask> handle)
    {
        try
        {
            while (await ReceiveAsync() is { } message)
            {
                if (_closing == 0)
                    await handle(message);
            }

            // The client closed first, or answered our close: either way both have said it once the queue is written.
            Close((int)(_webSocket.CloseStatus ?? WebSocketCloseStatus.NormalClosure), "");
            await DrainedAsync().WaitAsync(YjsLimits.Linger, _clock);
        }
        catch (Exception failure) when (failure is WebSocketException or IOException or OperationCanceledException or SocketException
            or ObjectDisposedException or InvalidOperationException or TimeoutException)
        {
            // The other side is gone, or was put out.
        }
        finally
        {
            Abort();
        }
    }

    /// <summary>Says goodbye after what is queued; a client that does not answer in time is cut off.</summary>
    public void Close(int code, string reason)
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
            return;
        CloseCode = code;
        _ = CloseAsync(code, reason);
    }

    public void Abort()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            _queue.Clear();
            _latest.Clear();
            _drained?.TrySetResult();
        }

        _over.Cancel();
        _webSocket.Abort();
    }

    /// <summary>What has to be said or asked by now, and whether anybody is there at all.</summary>
    public void Check()
    {
        // A client that waits for the server to speak first gets to hear it through the pipe.
        Begin(direct: false);
        var writing = Interlocked.Read(ref _writingSince);
        if ((writing != 0 && _clock.GetElapsedTime(writing) > YjsLimits.StalledAfter)
            || (!IsReadingPaused && _clock.GetElapsedTime(Interlocked.Read(ref _heardAt)) > YjsLimits.DeadAfter))
        {
            Abort();
            return;
        }

        if (_closing != 0)
            return;
        if (!IsReadingPaused && _clock.GetElapsedTime(Interlocked.Read(ref _heardAt)) > YjsLimits.PingAfter)
            Send(YjsFrames.Ping);
        if (_clock.GetElapsedTime(Interlocked.Read(ref _saidAt)) > YjsLimits.SayAfter)
            Send(YjsFrames.Heartbeat);
    }

    /// <summary>Writes all that is queued; goes on by itself when the other side takes it slowly.</summary>
    public void Flush()
    {
        while (Take())
        {
            var write = WriteAsync();
            if (!write.IsCompletedSuccessfully)
            {
                _ = GoOnAsync(write);
                return;
            }
        }
    }

    public void Dispose()
    {
        Abort();
        _webSocket.Dispose();
        _over.Dispose();
    }

    /// <summary>Under the gate: true when the caller has to put the connection into its lane.</summary>
    private bool Schedule()
    {
        if (_scheduled || !_ready || (_queue.Count == 0 && _latest.Count == 0))
            return false;
        return _scheduled = true;
    }

    /// <summary>From here on frames are written: to the socket itself, or through the server's pipe.</summary>
    public void Begin(bool direct)
    {
        lock (_gate)
        {
            if (_ready)
                return;
            (_ready, _direct) = (true, direct);
            if (!Schedule())
                return;
        }

        _lane.Add(this);
    }

    private bool Take()
    {
        lock (_gate)
        {
            _flushing.Clear();
            _writingSince = 0;
            if (_ended || (_queue.Count == 0 && _latest.Count == 0))
            {
                _scheduled = false;
                _drained?.TrySetResult();
                _drained = null;
                return false;
            }

            (_queue, _flushing) = (_flushing, _queue);
            if (_latest.Count > 0)
            {
                // Before the close frame, if that is in: nothing follows it.
                _flushing.InsertRange(_closing != 0 ? 0 : _flushing.Count, _latest.Values);
                _latest.Clear();
            }

            _queuedBytes = 0;
            _writingSince = _saidAt = _clock.GetTimestamp();
            return true;
        }
    }

    private async Task GoOnAsync(ValueTask write)
    {
        try
        {
            await write;
            Flush();
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            Abort();
        }
    }

    private ValueTask WriteAsync()
    {
        if (_flushing.Count == 1)
            return SendAsync(_flushing[0], null);
        var length = _flushing.Sum(f => f.Length);
        var joined = ArrayPool<byte>.Shared.Rent(length);
        var at = 0;
        foreach (var frame in _flushing)
        {
            frame.Span.CopyTo(joined.AsSpan(at));
            at += frame.Length;
        }

        return SendAsync(joined.AsMemory(0, length), joined);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, byte[]? rented)
    {
        if (_direct)
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await _transport.Socket!.SendAsync(bytes, SocketFlags.None, _over.Token)..];
        }
        else
        {
            await _transport.Stream.WriteAsync(bytes, _over.Token);
            await _transport.Stream.FlushAsync(_over.Token);
        }

        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    private async Task CloseAsync(int code, string reason)
    {
        try
        {
            await _webSocket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);
            await Task.Delay(YjsLimits.Linger, _clock, _over.Token);
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or ArgumentException)
        {
            // Over already, or the code the client gave is none that may be repeated.
        }

        Abort();
    }

    private async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        // Waits without a buffer: most connections are idle most of the time.
        var first = await _webSocket.ReceiveAsync(Memory<byte>.Empty, _over.Token);
        if (first.MessageType == WebSocketMessageType.Close)
            return null;
        // The client has sent a frame, so it has read the answer to its handshake: that pipe is empty.
        Begin(direct: true);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var length = 0;
            for (var ended = first.EndOfMessage; !ended;)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 4, YjsLimits.MessageBytes + 1));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var part = await _webSocket.ReceiveAsync(buffer.AsMemory(length), _over.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return null;
                length += part.Count;
                ended = part.EndOfMessage;
                if (length > YjsLimits.MessageBytes)
                    Close(YjsCloseCodes.TooLarge, "Message too large");
                // Read on, or the rest that was sent would reset the connection before the close frame is there.
                if (_closing != 0)
                    length = 0;
            }

            if (first.MessageType != WebSocketMessageType.Binary)
                Close(YjsCloseCodes.Malformed, "Only binary messages are understood");
            // The log and the peers keep these bytes.
            return buffer.AsSpan(0, length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads from the connection, writes into the queue.</summary>
    private sealed class QueueStream(YjsConnection owner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await owner._transport.Stream.ReadAsync(buffer, cancellationToken);
            Interlocked.Exchange(ref owner._heardAt, owner._clock.GetTimestamp());
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        // The WebSocket writes one whole frame a call and uses its buffer again.
        public override void Write(ReadOnlySpan<byte> buffer) => owner.Send(buffer.ToArray());

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
