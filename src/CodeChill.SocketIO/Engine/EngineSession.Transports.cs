using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Transports;

namespace CodeChill.SocketIO.Engine;

internal enum PollOutcome
{
    /// <summary>Answer with what is queued (and the waiter's last packet).</summary>
    Data,

    /// <summary>Answer with a noop, so that the client can go on upgrading.</summary>
    Noop,

    Aborted,
}

/// <summary>A poll that waits for packets.</summary>
internal sealed class PollWaiter() : TaskCompletionSource<PollOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>Sent after the queue: close or noop of a session that ends.</summary>
    public OutPacket? Last { get; set; }
}

internal enum PollStart
{
    Wait,
    Ready,
    Overlap,
    Gone,
    WrongTransport,
}

/// <summary>The session as its transports see it: polls, posts, the upgrade.</summary>
internal abstract partial class EngineSession
{
    /// <summary>The reference looks every 100 ms whether a poll holds up an upgrade.</summary>
    private const long UpgradeNoopMs = 100;

    /// <summary>
    /// How long the request that closed a session waits for a poll that was sent with it on another connection and may be behind it only in our
    /// order of handling. The client gets the noop that it would have got in its own order, and 400 from then on.
    /// </summary>
    private static readonly TimeSpan LastPollWait = TimeSpan.FromMilliseconds(100);

    private PollWaiter? _poll;
    private TaskCompletionSource? _lastPoll;

    internal PollStart BeginPoll(out PollWaiter waiter)
    {
        waiter = new PollWaiter();
        lock (Gate)
        {
            if (_state == SessionState.Closed)
            {
                if (_lastPoll is null || !_lastPoll.TrySetResult()) return PollStart.Gone;
                waiter.Last = OutPacket.Noop;
                return PollStart.Ready;
            }

            if (_socket is not null) return PollStart.WrongTransport;
            if (_poll is not null) return PollStart.Overlap;
            if (_state == SessionState.Closing && _count == 0)
            {
                waiter.Last = ClosePacket;
                _state = SessionState.Closed;
                _closeDue = Never;
                return PollStart.Ready;
            }

            if (_count > 0) return PollStart.Ready;
            _poll = waiter;
            return PollStart.Wait;
        }
    }

    /// <summary>The client hung up on its poll.</summary>
    internal void AbortPoll(PollWaiter waiter)
    {
        lock (Gate)
        {
            if (!ReferenceEquals(_poll, waiter)) return;
            _poll = null;
        }

        waiter.TrySetResult(PollOutcome.Aborted);
        Close(DisconnectReasons.TransportError, "poll closed prematurely", CloseKind.PeerGone);
    }

    /// <summary>After the answer that told the client: the session leaves the table.</summary>
    internal void PollClosed()
    {
        Server.Remove(this);
        Server.Wheel.Remove(this);
    }

    internal PollStart BeginPost()
    {
        lock (Gate)
        {
            if (_state == SessionState.Closed) return PollStart.Gone;
            if (_socket is not null) return PollStart.WrongTransport;
            if (_posting) return PollStart.Overlap;
            _posting = true;
            return PollStart.Ready;
        }
    }

    internal void EndPost()
    {
        lock (Gate) _posting = false;
    }

    /// <summary>After a POST, before its answer: see <see cref="LastPollWait"/>.</summary>
    internal async Task AwaitLastPollAsync(TimeProvider time)
    {
        if (_lastPoll is not { } last) return;
        await Task.WhenAny(last.Task, Task.Delay(LastPollWait, time)).ConfigureAwait(false);
        last.TrySetResult();
        PollClosed();
    }

    /// <summary>The handshake came over a WebSocket.</summary>
    internal void Attach(WebSocketConnection socket)
    {
        lock (Gate) _socket = socket;
    }

    /// <summary>A WebSocket names this session. False: there's one already, or the session is over.</summary>
    internal bool TryBeginProbe(WebSocketConnection probe)
    {
        lock (Gate)
        {
            if (_state != SessionState.Open || _socket is not null || _probe is not null) return false;
            _probe = probe;
            _probeDue = Server.Wheel.Now + Server.UpgradeTimeoutMs;
        }

        Reschedule();
        return true;
    }

    /// <summary>
    /// A frame on a probing WebSocket: <c>2probe</c> is answered and frees the waiting poll, <c>5</c> makes the WebSocket the transport.
    /// Anything else ends the probe and leaves polling as it was.
    /// </summary>
    internal bool ReceiveProbe(WebSocketConnection probe, ReadOnlySpan<byte> packet)
    {
        PollWaiter? poll = null;
        bool overlap = false;
        lock (Gate)
        {
            if (!ReferenceEquals(_probe, probe) || _state != SessionState.Open) return false;
            if (!_upgrading && packet.SequenceEqual("2probe"u8))
            {
                _upgrading = true;
                probe.QueueOwn(OutPacket.ProbeAnswer);
                poll = TakePollForNoop();
                _noopDue = Server.Wheel.Now + UpgradeNoopMs;
            }
            else if (_upgrading && packet.SequenceEqual("5"u8))
            {
                // Its packets could be handled while ours are: no client does that.
                overlap = _posting;
                poll = TakePollForNoop();
                EndProbe();
                if (!overlap)
                {
                    _socket = probe;
                    probe.Activate();
                }
            }
            else
            {
                EndProbe();
                return false;
            }
        }

        poll?.TrySetResult(PollOutcome.Noop);
        if (overlap)
        {
            Close(DisconnectReasons.TransportError, "upgrade during a request");
            return false;
        }

        Reschedule();
        probe.Pump();
        return true;
    }

    private void EndProbe()
    {
        _probe = null;
        _upgrading = false;
        _probeDue = _noopDue = Never;
    }

    private PollWaiter? TakePollForNoop()
    {
        var poll = _poll;
        _poll = null;
        return poll;
    }
}
