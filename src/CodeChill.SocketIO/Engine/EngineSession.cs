using System.Diagnostics.CodeAnalysis;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Transports;

namespace CodeChill.SocketIO.Engine;

/// <summary>How much is still said to the peer when a session closes.</summary>
internal enum CloseKind
{
    /// <summary>What is queued is dropped (violations, timeouts); a waiting poll or the WebSocket is told.</summary>
    Now,

    /// <summary>What is queued is sent first.</summary>
    Flush,

    /// <summary>The peer asked for it.</summary>
    ByPeer,

    /// <summary>There's nobody to tell.</summary>
    PeerGone,
}

/// <summary>
/// One Engine.IO session. Theory of operation: packets to send are queued here, whatever the transport, and are taken by the transport
/// that is current when they leave: the waiting poll, or the WebSocket's writer. An upgrade only changes who takes, so order holds.
/// Everything mutable is guarded by <see cref="Gate"/>, which is never held while application code runs or bytes are written.
/// Received packets arrive one at a time: from the WebSocket's read loop or from the only POST in progress; the two can't overlap, as
/// an upgrade that completes during a POST is refused. The upper layer hears of the end exactly once (<see cref="OnClosed"/>), at the
/// moment the state leaves Open; telling the peer may take longer and is bounded by a deadline.
/// Deadlines (heartbeat, upgrade, joining, attachments, closing) share one wheel entry: the session itself.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "Sessions own no disposables.")]
internal abstract partial class EngineSession : WheelEntry, IFlushable
{
    protected const long Never = long.MaxValue;
    private const long FlushMs = 5_000;

    private SessionState _state;
    private WebSocketConnection? _socket;
    private WebSocketConnection? _probe;
    private long _heartbeatDue;
    private long _nextPing;
    private long _probeDue = Never;
    private long _noopDue = Never;
    private long _closeDue = Never;
    private bool _awaitingPong;
    private bool _upgrading;
    private bool _posting;

    protected EngineSession(EngineServer server)
    {
        Server = server;
        Lane = server.Flusher.Assign();
        Id = SecretId.Create();
    }

    private enum SessionState : byte
    {
        Open,
        Closing,
        Closed,
    }

    public string Id { get; }

    public EngineServer Server { get; }

    public FlushLane Lane { get; }

    internal Lock Gate { get; } = new();

    public bool IsOpen => _state == SessionState.Open;

    /// <summary>False once nothing the peer says matters any more.</summary>
    public bool IsListening => _state != SessionState.Closed;

    public bool IsWebSocket => _socket is not null;

    /// <summary>Starts the clock; the session is reachable from now on.</summary>
    public void Start()
    {
        lock (Gate) _heartbeatDue = Server.Wheel.Now + Server.PingIntervalMs;
        Server.Wheel.Schedule(this, NextDeadline());
    }

    /// <summary>A MESSAGE packet's text, without the type digit. The span is only valid during the call.</summary>
    protected abstract void OnMessage(ReadOnlySpan<byte> text);

    protected abstract void OnBinary(ReadOnlySpan<byte> data);

    /// <summary>Called once. The session takes no more packets.</summary>
    protected abstract void OnClosed(string reason, string? description);

    /// <summary>Deadlines of the upper layer, asked under the gate; the default has none.</summary>
    protected virtual long UpperDeadline => Never;

    /// <summary>Called outside of the gate when <see cref="UpperDeadline"/> has passed.</summary>
    protected virtual void OnUpperDeadline(long now)
    {
    }

    /// <summary>True while the upper layer wants no more input; the transport then awaits <see cref="WaitForRoomAsync"/>.</summary>
    internal virtual bool ReadPaused => false;

    internal virtual Task WaitForRoomAsync() => Task.CompletedTask;

    /// <summary>The wheel must look at this session no later than its earliest deadline.</summary>
    protected void Reschedule() => Server.Wheel.Schedule(this, NextDeadline());

    /// <summary>One engine packet in text form, type digit first.</summary>
    internal void ReceiveText(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
        {
            Close(DisconnectReasons.ParseError, "empty packet");
            return;
        }

        var type = (EnginePacketType)(packet[0] - '0');
        if (!IsOpen && type != EnginePacketType.Close) return;
        switch (type)
        {
            case EnginePacketType.Message:
                OnMessage(packet[1..]);
                break;
            case EnginePacketType.Pong:
                lock (Gate)
                {
                    // One that answers nothing is harmless, but it doesn't postpone the next ping.
                    if (!_awaitingPong) break;
                    _awaitingPong = false;
                    // A steady beat: neither the wheel's lateness nor the client's adds up over the pings.
                    _heartbeatDue = Math.Max(_nextPing, Server.Wheel.Now + (Server.PingIntervalMs / 2));
                }

                break;
            case EnginePacketType.Close:
                Close(DisconnectReasons.TransportClose, "closed by the client", CloseKind.ByPeer);
                break;
            case EnginePacketType.Ping:
                Close(DisconnectReasons.TransportError, "invalid heartbeat direction");
                break;
            case EnginePacketType.Open or EnginePacketType.Upgrade or EnginePacketType.Noop:
                break;
            default:
                Close(DisconnectReasons.ParseError, "unknown engine packet");
                break;
        }
    }

    internal void ReceiveBinary(ReadOnlySpan<byte> data) => OnBinary(data);

    /// <summary>The lazy half of the ping timeout: a request that arrives after the deadline finds the session gone even if the wheel is late.</summary>
    internal bool CheckAlive()
    {
        lock (Gate)
        {
            if (_state != SessionState.Open) return _state == SessionState.Closing || _lastPoll is { Task.IsCompleted: false };
            if (!_awaitingPong || ReadPaused || Server.Wheel.Now < _heartbeatDue) return true;
        }

        Close(DisconnectReasons.PingTimeout, null);
        return false;
    }

    internal void Close(string reason, string? description, CloseKind kind = CloseKind.Now, int webSocketCode = 0)
    {
        PollWaiter? poll = null;
        WebSocketConnection? socket, probe;
        bool first, gone;
        lock (Gate)
        {
            first = _state == SessionState.Open;
            if (!first && (_state == SessionState.Closed || kind is not (CloseKind.PeerGone or CloseKind.ByPeer))) return;
            socket = _socket;
            probe = _probe;
            _probe = null;
            _probeDue = _noopDue = Never;
            // The close packet gets an answer of its own, as from the reference: the official client handles a close before the Socket.IO
            // packets it came with.
            bool waits = kind == CloseKind.Flush && socket is null && (_poll is null || _count > 0);
            _state = waits ? SessionState.Closing : SessionState.Closed;
            if (kind == CloseKind.ByPeer && first && _posting && socket is null && _poll is null)
                _lastPoll = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            gone = !waits && _lastPoll is null;
            if (kind != CloseKind.Flush) DropQueue();
            if (socket is null && _poll is not null)
            {
                poll = _poll;
                _poll = null;
                if (!waits) poll.Last = kind == CloseKind.ByPeer ? OutPacket.Noop : ClosePacket;
            }

            _closeDue = waits ? Server.Wheel.Now + FlushMs : Never;
        }

        if (gone) Server.Remove(this);
        poll?.TrySetResult(kind == CloseKind.PeerGone ? PollOutcome.Aborted : PollOutcome.Data);
        probe?.BeginClose(0);
        if (kind == CloseKind.PeerGone) socket?.Abort();
        else if (kind == CloseKind.Flush) socket?.BeginClose(webSocketCode, FlushMs);
        else socket?.BeginClose(webSocketCode);
        if (gone) Server.Wheel.Remove(this);
        else Reschedule();
        if (!first) return;
        Server.Log.Closed(Id, reason, description);
        OnClosed(reason, description);
    }

    internal override long OnTick(long now)
    {
        bool pinged = false, timedOut = false, upper = false, abort = false;
        WebSocketConnection? stale = null;
        PollWaiter? noop = null;
        lock (Gate)
        {
            if (_state == SessionState.Open)
            {
                // Pongs we didn't read because we paused reading don't count against the client.
                if (ReadPaused) _heartbeatDue = Math.Max(_heartbeatDue, now + Server.PingTimeoutMs);
                if (now >= _heartbeatDue)
                {
                    timedOut = _awaitingPong;
                    if (!timedOut)
                    {
                        // The wheel's lateness is not given to the client: the two intervals add up. But half of the time it does get.
                        _nextPing = _heartbeatDue + Server.PingIntervalMs;
                        long late = Math.Min(now - _heartbeatDue, Server.PingTimeoutMs / 2);
                        _heartbeatDue = now - late + Server.PingTimeoutMs;
                        _awaitingPong = pinged = true;
                    }
                }

                upper = now >= UpperDeadline;
            }

            if (now >= _probeDue)
            {
                stale = _probe;
                EndProbe();
            }

            if (now >= _noopDue)
            {
                noop = TakePollForNoop();
                _noopDue = now + UpgradeNoopMs;
            }

            if (now >= _closeDue)
            {
                abort = true;
                _closeDue = Never;
                _state = SessionState.Closed;
            }
        }

        if (pinged) Send(OutPacket.Ping);
        if (timedOut) Close(DisconnectReasons.PingTimeout, null);
        if (upper) OnUpperDeadline(now);
        stale?.BeginClose(0);
        noop?.TrySetResult(PollOutcome.Noop);
        if (abort) Server.Remove(this);

        return NextDeadline();
    }

    /// <summary>The WebSocket's read loop ended.</summary>
    internal void TransportEnded(WebSocketConnection transport, string reason, string? description)
    {
        bool current;
        lock (Gate)
        {
            current = ReferenceEquals(_socket, transport);
            if (!current && ReferenceEquals(_probe, transport)) EndProbe();
        }

        if (current) Close(reason, description, CloseKind.PeerGone);
    }

    private static readonly OutPacket ClosePacket = OutPacket.Text("1"u8);

    private long NextDeadline()
    {
        lock (Gate)
        {
            long next = Math.Min(_closeDue, Math.Min(_probeDue, _noopDue));
            if (_state == SessionState.Open) next = Math.Min(next, Math.Min(_heartbeatDue, UpperDeadline));
            return next;
        }
    }
}
