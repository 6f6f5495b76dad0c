using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Unicode;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.Transports;

/// <summary>
/// One WebSocket, framed here (RFC 6455) on the connection's own pipe. Theory of operation: the read loop parses frames where they lie in
/// the pipe, unmasks each message into a rented buffer and hands it up; an idle connection holds no buffer at all. Writing has one owner
/// at a time (<see cref="_writing"/>): it takes all that is queued, writes it with one call and looks again. Writes start on the
/// server's pipe, because the 101 answer leaves through it; once the client's first frame proves that everything written there has
/// arrived, they go straight to the socket (see <see cref="SocketIOOptions.DirectSocketWrites"/>).
/// Own packets (probe answer, pong, close) go ahead of and behind the session's.
/// </summary>
internal sealed class WebSocketConnection
{
    /// <summary>Most frames one message may come in; the byte limit alone would allow a million one-byte fragments.</summary>
    private const int MaxFragments = 1024;

    private const long LingerMs = 800;

    private static readonly OutPacket[] None = [];

    private readonly EngineSession _session;
    private readonly WebSocketStreams _streams;
    private readonly int? _deflateThreshold;
    private readonly long _maxPayload;
    private HttpContext? _http;
    private OutPacket[] _own = None;
    private OutPacket? _close;
    private TaskCompletionSource? _idle;
    private byte[]? _message;
    private int _messageLength;
    private int _fragments;
    private WebSocketOpcode _messageOpcode;
    private bool _messageCompressed;
    private bool _active;
    private bool _writing;
    private bool _blocked;
    private bool _ended;
    private bool _direct;
    private bool _closing;
    private bool _peerClosed;
    private bool _broken;
    private int _pipeWrites;
    private long _inFlight;

    public WebSocketConnection(EngineSession session, HttpContext http, WebSocketStreams streams, bool active, int? deflateThreshold)
    {
        _session = session;
        _http = http;
        _streams = streams;
        _active = active;
        _deflateThreshold = deflateThreshold;
        _maxPayload = session.Server.Options.MaxPayloadBytes;
    }

    /// <summary>True while the peer's receive window is full.</summary>
    public bool IsBlocked => _blocked;

    /// <summary>Serves the connection until it ends. Never throws.</summary>
    public async Task RunAsync()
    {
        string reason = DisconnectReasons.TransportClose;
        string? description = null;
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or OperationCanceledException or SocketException
            or InvalidOperationException or ObjectDisposedException)
        {
            reason = DisconnectReasons.TransportError;
            description = e.Message;
        }

        _session.TransportEnded(this, reason, description);
        Task idle = Task.CompletedTask;
        lock (_session.Gate)
        {
            _ended = true;
            if (_writing) idle = (_idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        await idle.ConfigureAwait(false);
        lock (_session.Gate) _http = null;
        ReleaseMessage();
    }

    /// <summary>The upgrade is complete (under the gate): from now on the session's packets leave here.</summary>
    public void Activate() => _active = true;

    /// <summary>Queues a packet of the connection itself (under the gate).</summary>
    public void QueueOwn(OutPacket packet)
    {
        // A peer that pings faster than it reads gets one pong for the lot (RFC 6455 5.5.3 allows answering the latest only).
        if (packet.IsControl && _own.Length > 0 && _own[^1].IsControl) _own = [.. _own.AsSpan(0, _own.Length - 1), packet];
        else _own = [.. _own, packet];
    }

    /// <summary>
    /// Sends a close frame after what is queued; 0 sends it without a code. The connection is dropped when the peer hasn't closed its
    /// side within the limit.
    /// </summary>
    public void BeginClose(int code, long limitMs = LingerMs)
    {
        lock (_session.Gate)
        {
            if (_closing || _ended) return;
            _closing = true;
            _close = OutPacket.Control(WebSocketOpcode.Close, code == 0 ? [] : [(byte)(code >> 8), (byte)code]);
        }

        var wheel = _session.Server.Wheel;
        wheel.Schedule(new Linger(this), wheel.Now + limitMs);
        Pump();
    }

    /// <summary>Drops the connection; reading and writing end at once.</summary>
    public void Abort()
    {
        lock (_session.Gate) _http?.Abort();
    }

    /// <summary>Writes what is queued unless somebody is at it already.</summary>
    public void Pump()
    {
        while (true)
        {
            ArraySegment<byte> data;
            byte[]? rented;
            lock (_session.Gate)
            {
                if (_writing || _ended || !Collect(out data, out rented)) return;
                _writing = true;
            }

            if (!Write(data, rented)) return;
            Completed(null);
        }
    }

    private bool Collect(out ArraySegment<byte> data, out byte[]? rented)
    {
        rented = null;
        _inFlight = 0;
        if (_own.Length > 0)
        {
            var own = _own[0];
            _own = _own.Length == 1 ? None : _own[1..];
            data = own.Bytes;
            return true;
        }

        if (_active && _session.TakeFrames(_deflateThreshold, out data, out rented, out _inFlight)) return true;
        if (_close is { } close)
        {
            _close = null;
            data = close.Bytes;
            return true;
        }

        data = default;
        return false;
    }

    /// <summary>True when the write completed at once.</summary>
    private bool Write(ArraySegment<byte> data, byte[]? rented)
    {
        try
        {
            if (_direct) return SendOperation.Start(this, _streams.Socket!, data, rented);
            _pipeWrites++;
            var flush = _streams.Output.WriteAsync(data);
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
            if (flush.IsCompletedSuccessfully)
            {
                _ = flush.GetAwaiter().GetResult();
                return true;
            }

            MarkBlocked();
            _ = AwaitFlushAsync(flush);
            return false;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or OperationCanceledException)
        {
            Completed(e);
            return false;
        }
    }

    /// <summary>The kernel took less than everything. The completion may have come already, on another thread.</summary>
    private void MarkBlocked()
    {
        lock (_session.Gate) _blocked = _writing;
    }

    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            Completed(e);
            return;
        }

        Completed(null);
        Pump();
    }

    private void Completed(Exception? error)
    {
        TaskCompletionSource? idle;
        lock (_session.Gate)
        {
            _writing = false;
            _blocked = false;
            _session.Written(_inFlight);
            _inFlight = 0;
            if (error is not null) _ended = true;
            idle = _ended ? _idle : null;
        }

        idle?.TrySetResult();
        if (error is null) return;
        // The read loop hears of it when the connection is dropped.
        _session.TransportEnded(this, DisconnectReasons.TransportError, error.Message);
        Abort();
    }

    private async Task ReadAsync()
    {
        var input = _streams.Input;
        while (true)
        {
            var result = await input.ReadAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            bool proceed;
            bool batch = FlushScheduler.Begin();
            try
            {
                proceed = Process(ref buffer);
            }
            finally
            {
                if (batch) FlushScheduler.End();
            }

            // Past a violation only the end of the stream is of interest.
            if (_broken) buffer = buffer.Slice(buffer.End);
            input.AdvanceTo(buffer.Start, buffer.End);
            if (!proceed || result.IsCompleted || result.IsCanceled) return;
            if (_session.ReadPaused) await _session.WaitForRoomAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Handles all complete frames. False ends the connection.</summary>
    private bool Process(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> head = stackalloc byte[14];
        while (!_broken)
        {
            scoped var first = buffer.FirstSpan;
            if (first.Length < 14 && buffer.Length > first.Length)
            {
                int length = (int)Math.Min(14, buffer.Length);
                buffer.Slice(0, length).CopyTo(head);
                first = head[..length];
            }

            if (!WebSocketFraming.TryReadHeader(first, _deflateThreshold is not null, out var header, out int error)) return true;
            if (error != 0) return Fail(error, "invalid frame");
            if (header.IsControl)
            {
                if (buffer.Length < header.HeaderLength + header.PayloadLength) return true;
                if (!OnControl(header, Payload(buffer, header))) return false;
            }
            else
            {
                if ((header.Opcode == WebSocketOpcode.Continuation) != (_fragments > 0)) return Fail(1002, "fragment out of place");
                if (_messageLength + header.PayloadLength > _maxPayload) return Fail(1009, $"payload over {_maxPayload} bytes");
                if (_fragments >= MaxFragments) return Fail(1009, $"more than {MaxFragments} fragments");
                if (buffer.Length < header.HeaderLength + header.PayloadLength) return true;
                if (!OnData(header, Payload(buffer, header))) return true;
            }

            buffer = buffer.Slice(header.HeaderLength + header.PayloadLength);
        }

        return true;
    }

    private static ReadOnlySequence<byte> Payload(in ReadOnlySequence<byte> buffer, in FrameHeader header) =>
        buffer.Slice(header.HeaderLength, header.PayloadLength);

    private bool OnControl(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        Span<byte> data = stackalloc byte[WebSocketFraming.MaxControlPayload];
        data = data[..(int)header.PayloadLength];
        Unmask(payload, data, header.Mask);
        switch (header.Opcode)
        {
            case WebSocketOpcode.Ping:
                lock (_session.Gate)
                {
                    if (!_closing) QueueOwn(OutPacket.Control(WebSocketOpcode.Pong, data));
                }

                Pump();
                return true;
            case WebSocketOpcode.Close:
                int code = data.Length >= 2 ? (data[0] << 8) | data[1] : 0;
                if (data.Length == 1 || (data.Length >= 2 && (!WebSocketFraming.IsValidCloseCode(code) || !Utf8.IsValid(data[2..]))))
                    return Fail(1002, "invalid close frame");
                _peerClosed = true;
                // The answer repeats the code. Written before the loop ends, as nothing is written after.
                BeginClose(code);
                return false;
            default:
                return true;
        }
    }

    /// <summary>One frame of a message. False when the violation it caused has been dealt with.</summary>
    private bool OnData(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        int length = (int)header.PayloadLength;
        if (_fragments == 0)
        {
            _messageOpcode = header.Opcode;
            _messageCompressed = header.Compressed;
            ProveDelivery();
        }

        EnsureMessage(_messageLength + length);
        Unmask(payload, _message.AsSpan(_messageLength, length), header.Mask);
        _messageLength += length;
        if (!header.Final)
        {
            _fragments++;
            return true;
        }

        byte[] message = _message!;
        length = _messageLength;
        _message = null;
        _messageLength = _fragments = 0;
        try
        {
            return _messageCompressed ? OnCompressed(message.AsMemory(0, length)) : OnMessage(message.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private bool OnCompressed(ReadOnlyMemory<byte> message)
    {
        byte[]? inflated = MessageDeflate.Inflate(message, _maxPayload, out int length, out bool tooLarge);
        if (inflated is null) return Fail(tooLarge ? 1009 : 1007, tooLarge ? $"payload over {_maxPayload} bytes" : "invalid deflate data");
        try
        {
            return OnMessage(inflated.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(inflated);
        }
    }

    private bool OnMessage(ReadOnlySpan<byte> message)
    {
        if (_closing) return true;
        bool text = _messageOpcode == WebSocketOpcode.Text;
        if (text && !Utf8.IsValid(message)) return Fail(1007, "invalid UTF-8");
        if (!_active)
        {
            if (!text || !_session.ReceiveProbe(this, message)) BeginClose(0);
            return true;
        }

        if (text) _session.ReceiveText(message);
        else _session.ReceiveBinary(message);
        return true;
    }

    /// <summary>
    /// The client has sent a frame, so it has read the 101 answer and, if it speaks the protocol, the open packet. As long as nothing else
    /// went through the server's pipe, the pipe is empty and writing past it can't overtake anything.
    /// </summary>
    private void ProveDelivery()
    {
        if (_direct || _streams.Socket is null || _pipeWrites > 1) return;
        lock (_session.Gate)
        {
            if (!_writing) _direct = true;
        }
    }

    private bool Fail(int code, string description)
    {
        _broken = true;
        ReleaseMessage();
        lock (_session.Gate)
        {
            // No close handshake can follow: what comes next can't be told apart. Read on until the peer hangs up or the deadline.
            if (_peerClosed) return false;
        }

        if (_active) _session.Close(code == 1009 ? DisconnectReasons.TransportError : DisconnectReasons.ParseError, description, CloseKind.Now, code);
        else BeginClose(code);
        return true;
    }

    private void EnsureMessage(int length)
    {
        if (_message is null)
        {
            _message = ArrayPool<byte>.Shared.Rent(Math.Max(length, 16));
            return;
        }

        if (_message.Length >= length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(length, _message.Length * 2L), Math.Max(_maxPayload, length)));
        _message.AsSpan(0, _messageLength).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_message);
        _message = larger;
    }

    private void ReleaseMessage()
    {
        if (_message is not null) ArrayPool<byte>.Shared.Return(_message);
        _message = null;
        _messageLength = 0;
    }

    private static void Unmask(in ReadOnlySequence<byte> source, Span<byte> target, uint mask)
    {
        if (source.IsSingleSegment)
        {
            WebSocketFraming.Unmask(source.FirstSpan, target, mask, 0);
            return;
        }

        int at = 0;
        foreach (var segment in source)
        {
            WebSocketFraming.Unmask(segment.Span, target[at..], mask, at);
            at += segment.Length;
        }
    }

    /// <summary>Ends a connection whose peer doesn't answer the close frame.</summary>
    private sealed class Linger(WebSocketConnection connection) : WheelEntry
    {
        internal override long OnTick(long now)
        {
            connection.Abort();
            return long.MaxValue;
        }
    }

    /// <summary>
    /// One socket send. Pooled across connections: an instance is only bound to one while bytes are on their way, which on a loop that
    /// completes at once is no time at all.
    /// </summary>
    private sealed class SendOperation() : SocketAsyncEventArgs(true)
    {
        [ThreadStatic]
        private static SendOperation? s_spare;

        private WebSocketConnection? _owner;
        private NetSocket? _socket;
        private byte[]? _rented;

        public static bool Start(WebSocketConnection owner, NetSocket socket, ArraySegment<byte> data, byte[]? rented)
        {
            var operation = s_spare ?? new SendOperation();
            s_spare = null;
            operation._owner = owner;
            operation._socket = socket;
            operation._rented = rented;
            operation.SetBuffer(data.Array, data.Offset, data.Count);
            try
            {
                if (!operation.Continue()) return false;
            }
            catch (ObjectDisposedException)
            {
                operation.Release();
                throw;
            }

            var error = operation.SocketError;
            operation.Release();
            return error == SocketError.Success ? true : throw new SocketException((int)error);
        }

        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            var owner = _owner!;
            Exception? failure = null;
            try
            {
                if (SocketError == SocketError.Success && !Advance() && !Continue()) return;
                if (SocketError != SocketError.Success) failure = new SocketException((int)SocketError);
            }
            catch (ObjectDisposedException gone)
            {
                failure = gone;
            }

            Release();
            owner.Completed(failure);
            if (failure is null) owner.Pump();
        }

        /// <summary>True when the operation finished (well or not) without going asynchronous.</summary>
        private bool Continue()
        {
            while (true)
            {
                var owner = _owner!;
                if (_socket!.SendAsync(this))
                {
                    owner.MarkBlocked();
                    return false;
                }

                if (SocketError != SocketError.Success || Advance()) return true;
            }
        }

        private bool Advance()
        {
            int left = Count - BytesTransferred;
            if (left <= 0) return true;
            SetBuffer(Offset + BytesTransferred, left);
            return false;
        }

        private void Release()
        {
            if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
            _rented = null;
            _owner = null;
            _socket = null;
            SetBuffer(null, 0, 0);
            if (s_spare is null) s_spare = this;
            else Dispose();
        }
    }
}
