using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>
/// A connection as Kestrel sees it: two pipes, filled and emptied here. When it becomes a WebSocket, <see cref="DetachAsync"/> takes the
/// descriptor out; Kestrel then ends its side with the request, pipes and HTTP state included, and the descriptor lives on in a
/// <see cref="RawSocket"/>.
/// </summary>
[SuppressMessage("Design", "CA2213", Justification = "The token sources are left to the collector on purpose; the timer goes with the descriptor.")]
internal sealed class LoopConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>How long a request may go on after its peer has said that it sends no more: such a peer may be reading still, or be gone.</summary>
    private static readonly TimeSpan HalfClosedFor = TimeSpan.FromSeconds(10);

    private readonly Loop _loop;
    private readonly int _fd;
    private readonly Source _source;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _finished = new();
    private ITimer? _halfClosed;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _sending = Task.CompletedTask;
    private TaskCompletionSource? _writable;
    private EndPoint? _local;
    private uint _interest = Libc.EpollIn;
    private bool _paused;
    private bool _over;
    private bool _detached;

    public LoopConnection(Loop loop, int fd, MemoryPool<byte> pool, EndPoint? remote)
        : base(SecretId())
    {
        _loop = loop;
        _fd = fd;
        MemoryPool = pool;
        RemoteEndPoint = remote;
        _source = new Source(this);
        // Requests are served by the thread pool, as application code of any kind may be behind them; answers leave on the thread that wrote them.
        _input = new Pipe(new PipeOptions(pool, PipeScheduler.ThreadPool, PipeScheduler.Inline, 1 << 20, 1 << 19, useSynchronizationContext: false));
        _output = new Pipe(new PipeOptions(pool, PipeScheduler.Inline, PipeScheduler.ThreadPool, 1 << 16, 1 << 15, useSynchronizationContext: false));
        Transport = new Duplex(_input.Reader, _output.Writer);
        Own = Transport;
        ConnectionClosed = _closed.Token;
        Features.Set<IMemoryPoolFeature>(this);
    }

    public MemoryPool<byte> MemoryPool { get; }

    public override EndPoint? LocalEndPoint
    {
        // Asked for by few, and a system call.
        get => _local ??= ReadLocal();
        set => _local = value;
    }

    /// <summary>The pipes as made here; <see cref="DefaultConnectionContext.Transport"/> may have been wrapped by a middleware.</summary>
    public IDuplexPipe Own { get; }

    /// <summary>
    /// The peer sends no more: it has gone, or has closed its sending side only. Kestrel takes <see cref="BaseConnectionContext.ConnectionClosed"/> for the end and drops the
    /// answer, so that follows later; a poll that nobody may be waiting for wants to know at once.
    /// </summary>
    public CancellationToken PeerFinished => _finished.Token;

    public void Start()
    {
        _sending = SendAsync();
        _loop.Post(static c => ((LoopConnection)c).Begin(), this);
    }

    public override void Abort(ConnectionAbortedException abortReason) => _loop.Post(static c => ((LoopConnection)c).End(null), this);

    /// <summary>Kestrel is through with the connection.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _input.Reader.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        _loop.Post(static c => ((LoopConnection)c).End(null), this);
        await _ended.Task.ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Takes the descriptor out, with the bytes that were received and not yet read. Null when the connection has ended. Only to be called while
    /// nobody reads from or writes to the pipes.
    /// </summary>
    public async ValueTask<RawSocket?> DetachAsync()
    {
        // What was written (the 101 answer) leaves first.
        await _output.Writer.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        var result = new TaskCompletionSource<RawSocket?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(static state => ((Detaching)state).Run(), new Detaching(this, result));
        return await result.Task.ConfigureAwait(false);
    }

    private static string SecretId() => Engine.SecretId.Create();

    private RawSocket? Detach()
    {
        if (_over) return null;
        byte[]? early = null;
        if (_input.Reader.TryRead(out var read))
        {
            if (!read.Buffer.IsEmpty) early = read.Buffer.ToArray();
            _input.Reader.AdvanceTo(read.Buffer.End);
        }

        _detached = true;
        // Watched again when the taker is ready for it.
        _loop.Remove(_source, _fd);
        var raw = new RawSocket(Loop.Next(), _fd, early);
        _over = true;
        _halfClosed?.Dispose();
        _input.Writer.Complete();
        _ended.TrySetResult();
        return raw;
    }

    private void Begin()
    {
        if (_over) return;
        try
        {
            _loop.Add(_source, _fd, _interest);
        }
        catch (IOException e)
        {
            End(e);
        }
    }

    private void OnReady(uint events)
    {
        if ((events & (Libc.EpollOut | Libc.EpollError | Libc.EpollHangUp)) != 0) Writable();
        if ((events & Libc.EpollIn) != 0 && !_paused) Read();
        else if ((events & (Libc.EpollError | Libc.EpollHangUp)) != 0) End(new ConnectionResetException("The connection was reset by the peer."));
    }

    private void Read()
    {
        if (_over) return;
        var memory = _input.Writer.GetMemory(2048);
        int n = Libc.Receive(_fd, memory.Span);
        if (n is -Libc.TryAgain or -Libc.Interrupted) return;
        if (n == 0)
        {
            // The peer sends no more but may still read: what Kestrel writes leaves until it disposes the connection.
            Pause(true);
            _input.Writer.Complete();
            Fire(_finished);
            _halfClosed = TimeProvider.System.CreateTimer(static c => Fire(((LoopConnection)c!)._closed), this, HalfClosedFor, Timeout.InfiniteTimeSpan);
            return;
        }

        if (n < 0)
        {
            End(new ConnectionResetException("The connection was reset by the peer."));
            return;
        }

        _input.Writer.Advance(n);
        var flush = _input.Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            // Kestrel reads no more; the connection goes when it disposes it.
            if (flush.GetAwaiter().GetResult().IsCompleted) Pause(true);
            return;
        }

        Pause(true);
        _ = ResumeAsync(flush);
    }

    private async Task ResumeAsync(ValueTask<FlushResult> flush)
    {
        var result = await flush.ConfigureAwait(false);
        if (!result.IsCompleted) _loop.Post(static c => ((LoopConnection)c).Pause(false), this);
    }

    private void Pause(bool pause)
    {
        _paused = pause;
        Watch(pause ? 0 : Libc.EpollIn, Libc.EpollIn);
    }

    private void Watch(uint on, uint mask)
    {
        lock (_gate)
        {
            if (_over || _source.Slot < 0) return;
            _interest = (_interest & ~mask) | on;
            _loop.Watch(_source, _fd, _interest);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var read = await _output.Reader.ReadAsync().ConfigureAwait(false);
                foreach (var segment in read.Buffer) await SendAsync(segment).ConfigureAwait(false);
                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled) break;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Kestrel learns of it by the end of the pipe, as from its own transport: an exception would reach whoever is writing an answer.
        }

        await _output.Reader.CompleteAsync().ConfigureAwait(false);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            int n;
            Task writable;
            lock (_gate)
            {
                // Under the gate: the descriptor can't be closed meanwhile.
                if (_over) throw new ConnectionAbortedException("The connection has ended.");
                n = Libc.Send(_fd, data.Span);
                if (n == -Libc.TryAgain) _writable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                writable = _writable?.Task ?? Task.CompletedTask;
            }

            if (n >= 0)
            {
                data = data[n..];
                continue;
            }

            if (n == -Libc.Interrupted) continue;
            if (n != -Libc.TryAgain) throw new ConnectionResetException("The connection was reset by the peer.");
            _loop.Post(static c => ((LoopConnection)c).Watch(Libc.EpollOut, Libc.EpollOut), this);
            await writable.ConfigureAwait(false);
        }
    }

    private void Writable()
    {
        TaskCompletionSource? writable;
        lock (_gate)
        {
            writable = _writable;
            _writable = null;
        }

        Watch(0, Libc.EpollOut);
        writable?.TrySetResult();
    }

    /// <summary>The descriptor is given back; the pipes tell Kestrel.</summary>
    private void End(Exception? error)
    {
        if (_detached || _over) return;
        lock (_gate)
        {
            _over = true;
            _loop.Remove(_source, _fd);
            Libc.Shutdown(_fd);
            Libc.Close(_fd);
        }

        _input.Writer.Complete(error);
        Writable();
        _ended.TrySetResult();
        _halfClosed?.Dispose();
        Fire(_finished);
        Fire(_closed);
    }

    /// <summary>
    /// What Kestrel does about it doesn't belong on the loop's thread. The sources are never disposed: they have no timer, and a late cancellation must be harmless.
    /// </summary>
    private static void Fire(CancellationTokenSource source) => ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), source, preferLocal: false);

    private IPEndPoint? ReadLocal()
    {
        Span<byte> address = stackalloc byte[Libc.MaxAddressBytes];
        lock (_gate)
        {
            return _over ? null : Addresses.Parse(address[..Libc.LocalAddress(_fd, address)]);
        }
    }

    private sealed class Source(LoopConnection connection) : LoopSource
    {
        internal override void OnReady(uint events) => connection.OnReady(events);

        internal override void OnFailure(Exception error) => connection.End(error);
    }

    private sealed class Detaching(LoopConnection connection, TaskCompletionSource<RawSocket?> result)
    {
        public void Run()
        {
            try
            {
                result.TrySetResult(connection.Detach());
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                result.TrySetException(e);
            }
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
