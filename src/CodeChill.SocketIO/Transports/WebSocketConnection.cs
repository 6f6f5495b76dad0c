using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.EventLoop;
using CodeChill.SocketIO.Packets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace CodeChill.SocketIO.Transports;

/// <summary>
/// One WebSocket, framed here (RFC 6455) on the connection's own pipe. Theory of operation: the read loop parses frames where they lie in
/// the pipe, unmasks each message into a rented buffer and hands it up; an idle connection holds no buffer at all. Writing has one owner
/// at a time (<see cref="_writing"/>): it takes all that is queued, writes it with one call and looks again. Writes start on the
/// server's pipe, because the 101 answer leaves through it; once the client's first frame proves that everything written there has
/// arrived, they go straight to the socket (see <see cref="SocketIOOptions.DirectSocketWrites"/>). A connection that came through an event
/// loop (<see cref="RawSocket"/>) is read there and written to its descriptor from the start; no task waits for it.
/// Own packets (probe answer, pong, close) go ahead of and behind the session's.
/// </summary>
internal sealed partial class WebSocketConnection
{
    /// <summary>Most frames one message may come in; the byte limit alone would allow a million one-byte fragments.</summary>
    private const int MaxFragments = 1024;

    private const long LingerMs = 800;

    private static readonly OutPacket[] None = [];

    private readonly EngineSession _session;
    private readonly WebSocketStreams _streams;
    private readonly RawSocket? _raw;
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
    private bool _readOver;
    private int _pipeWrites;
    private long _inFlight;

    public WebSocketConnection(EngineSession session, HttpContext http, WebSocketStreams streams, bool active, int? deflateThreshold)
    {
        _session = session;
        _streams = streams;
        _raw = streams.Raw;
        // The request of a connection that is read by its loop is about to end.
        _http = _raw is null ? http : null;
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

    /// <summary>Serves the connection from its event loop.</summary>
    public void StartRaw() => _raw!.Start(this);

    /// <summary>Handles what was received; what remains is the beginning of a frame. False ends the connection.</summary>
    internal bool Receive(ref ReadOnlySequence<byte> bytes)
    {
        bool proceed = Process(ref bytes);
        // Past a violation only the end of the stream is of interest.
        if (_broken) bytes = default;
        return proceed;
    }

    /// <summary>What to wait for before more is read; null to go on.</summary>
    internal Task? WaitForRoom() => _session.ReadPaused ? _session.WaitForRoomAsync() : null;

    /// <summary>The loop reads no more. The descriptor is closed as soon as nobody writes to it.</summary>
    internal void Ended(string reason, string? description)
    {
        _session.TransportEnded(this, reason, description);
        bool over;
        lock (_session.Gate)
        {
            _ended = _readOver = true;
            over = !_writing;
        }

        ReleaseMessage();
        if (over) Over();
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
        if (_raw is not null)
        {
            _raw.Abort();
            return;
        }

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
            if (_raw is not null) return _raw.Write(data, rented);
            if (_direct) return SendOperation.Start(this, _streams.Socket!, data, rented);
            _pipeWrites++;
            var flush = _streams.Output!.WriteAsync(data);
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
    internal void MarkBlocked()
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

    /// <summary>A write that did not complete at once has ended.</summary>
    internal void Completed(Exception? error)
    {
        TaskCompletionSource? idle;
        bool over;
        lock (_session.Gate)
        {
            _writing = false;
            _blocked = false;
            _session.Written(_inFlight);
            _inFlight = 0;
            if (error is not null) _ended = true;
            idle = _ended ? _idle : null;
            over = _readOver;
        }

        idle?.TrySetResult();
        if (over) Over();
        if (error is null) return;
        // The read loop hears of it when the connection is dropped.
        _session.TransportEnded(this, DisconnectReasons.TransportError, error.Message);
        Abort();
    }

    private void Over()
    {
        _raw!.Close();
        _session.Server.ConnectionOver();
    }

    private async Task ReadAsync()
    {
        var input = _streams.Input!;
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

            if (_broken) buffer = buffer.Slice(buffer.End);
            input.AdvanceTo(buffer.Start, buffer.End);
            // A cancelled read is the host's stop, see UpgradedStream: what is queued and the close handshake are still to come.
            if (!proceed || result.IsCompleted) return;
            if (WaitForRoom() is { } room) await room.ConfigureAwait(false);
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
}
