using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO;

/// <summary>Sending and acknowledgements.</summary>
public sealed partial class Socket
{
    private Dictionary<long, PendingAck>? _acks;

    /// <summary>A view of this socket whose events are dropped when the client can't take them at once.</summary>
    public SocketOperator Volatile => new(this, isVolatile: true, compress: true);

    /// <summary>A view of this socket whose events are sent with or without compression.</summary>
    /// <param name="compress">False to send as is, where the transport would compress.</param>
    public SocketOperator Compress(bool compress) => new(this, isVolatile: false, compress);

    /// <summary>A broadcast to everybody else in the namespace.</summary>
    public BroadcastOperator Broadcast => new(Namespace, this);

    /// <summary>A broadcast to a room, without this socket.</summary>
    /// <param name="room">Name of the room.</param>
    public BroadcastOperator To(string room) => Broadcast.To(room);

    /// <summary>A broadcast to everybody else except a room's members or a socket.</summary>
    /// <param name="roomOrId">Name of a room, or a socket's id.</param>
    public BroadcastOperator Except(string roomOrId) => Broadcast.Except(roomOrId);

    /// <summary>
    /// Sends an event. Returns at once; the packet is encoded now and queued. Nothing happens when the socket isn't connected.
    /// </summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">
    /// Arguments: anything System.Text.Json writes, binary (<c>byte[]</c>, <c>ReadOnlyMemory&lt;byte&gt;</c>) at any depth, or received
    /// <see cref="SocketArguments"/> to forward them.
    /// </param>
    /// <exception cref="System.Text.Json.JsonException">An argument is nested too deep or refers to itself.</exception>
    public void Emit(string ev, params ReadOnlySpan<object?> args) => Emit(ev, args, false, true);

    /// <summary>Sends an event and waits for the client's acknowledgement.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments, as for <see cref="Emit(string, ReadOnlySpan{object?})"/>.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="ct">Gives up waiting; the event stays sent.</param>
    /// <returns>The answer, or why there is none. Doesn't throw for either.</returns>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="InvalidOperationException"><see cref="SocketIOOptions.MaxPendingAcks"/> answers are awaited already.</exception>
    public Task<AckResult> EmitWithAckAsync(string ev, object?[] args, TimeSpan timeout, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(ev);
        ArgumentNullException.ThrowIfNull(args);
        if (ct.IsCancellationRequested) return Task.FromCanceled<AckResult>(ct);
        long id = Namespace.NextAckId();
        var packet = Namespace.Encoder.Event(Namespace.Name, id, ev, args);
        NotifyOutgoing(ev, args);
        return SendAwaitingAck(id, packet, timeout, ct);
    }

    internal void Emit(string ev, ReadOnlySpan<object?> args, bool isVolatile, bool compress)
    {
        ArgumentNullException.ThrowIfNull(ev);
        if (!Connected) return;
        if (Namespace.Recovery is not null)
        {
            var self = new BroadcastOperator(Namespace).To(Id).Compress(compress).Local;
            Namespace.Broadcast(isVolatile ? self.Volatile : self, ev, args);
            return;
        }

        var packet = Namespace.Encoder.Event(Namespace.Name, -1, ev, args, compress);
        if (_anyOutgoing.Length > 0) NotifyOutgoing(ev, args.ToArray());
        Client.Send(packet, isVolatile);
    }

    internal Task<AckResult> SendAwaitingAck(long id, OutPacket packet, TimeSpan timeout, CancellationToken ct)
    {
        var pending = new PendingAck(this, id);
        lock (_gate)
        {
            if (_phase != Phase.Connected) return Task.FromResult(new AckResult(this, AckStatus.Disconnected, null));
            _acks ??= [];
            if (_acks.Count >= Client.Io.Options.MaxPendingAcks)
                throw new InvalidOperationException($"{_acks.Count} acknowledgements are awaited already, which is the limit.");
            // Before the packet is on its way: an answer can be quicker than the next line.
            _acks.Add(id, pending);
        }

        pending.Arm(Client.Io.Time, timeout, ct);
        Client.Send(packet);
        return pending.Task;
    }

    internal void SendPacket(OutPacket packet, bool isVolatile)
    {
        if (Connected) Client.Send(packet, isVolatile);
    }

    internal void SendAck(long id, ReadOnlySpan<object?> args)
    {
        if (Connected) Client.Send(Namespace.Encoder.Ack(Namespace.Name, id, args));
    }

    /// <summary>An ACK arrived. Unknown ids (late, or never asked for) are ignored.</summary>
    internal void ReceiveAck(long id, SocketArguments arguments)
    {
        if (TakeAck(id) is { } pending) pending.Finish(new AckResult(this, AckStatus.Acknowledged, arguments));
    }

    internal void NotifyOutgoing(string ev, IReadOnlyList<object?> args)
    {
        foreach (var handler in _anyOutgoing)
        {
            try
            {
                handler(ev, args);
            }
#pragma warning disable CA1031 // The application's code, on the path of a broadcast to others.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Client.Server.Log.HandlerFailed(e, ev, Namespace.Name);
            }
        }
    }

    private PendingAck? TakeAck(long id)
    {
        lock (_gate) return _acks is not null && _acks.Remove(id, out var pending) ? pending : null;
    }

    private void DropAcks()
    {
        PendingAck[] pending;
        lock (_gate)
        {
            if (_acks is null) return;
            pending = [.. _acks.Values];
            _acks = null;
        }

        foreach (var ack in pending) ack.Finish(new AckResult(this, AckStatus.Disconnected, null));
    }

    private sealed class PendingAck(Socket socket, long id) : TaskCompletionSource<AckResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly Lock _lock = new();
        private ITimer? _timer;
        private CancellationTokenRegistration _registration;
        private bool _done;

        public void Arm(TimeProvider time, TimeSpan timeout, CancellationToken ct)
        {
            var timer = time.CreateTimer(static s => ((PendingAck)s!).Expire(), this, timeout, Timeout.InfiniteTimeSpan);
            var registration = ct.UnsafeRegister(static (s, token) => ((PendingAck)s!).Cancel(token), this);
            lock (_lock)
            {
                if (!_done)
                {
                    _timer = timer;
                    _registration = registration;
                    return;
                }
            }

            timer.Dispose();
            registration.Dispose();
        }

        public void Finish(AckResult result)
        {
            Disarm();
            TrySetResult(result);
        }

        private void Expire()
        {
            if (socket.TakeAck(id) is not null) Finish(new AckResult(socket, AckStatus.TimedOut, null));
        }

        private void Cancel(CancellationToken token)
        {
            if (socket.TakeAck(id) is null) return;
            Disarm();
            TrySetCanceled(token);
        }

        private void Disarm()
        {
            ITimer? timer;
            CancellationTokenRegistration registration;
            lock (_lock)
            {
                _done = true;
                timer = _timer;
                registration = _registration;
                _timer = null;
                _registration = default;
            }

            timer?.Dispose();
            // Not Dispose: it would wait for a callback that may be the one we are in.
            registration.Unregister();
        }
    }
}
