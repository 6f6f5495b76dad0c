using System.Buffers;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>
/// Accepts, and reads requests on the same loop: two requests that a client sends one after the other over two connections are handed on in that order.
/// WebSockets are dealt out to all loops when they begin.
/// </summary>
internal sealed class LoopListener : LoopSource, IConnectionListener
{
    /// <summary>Few enough that a flood of connections doesn't starve those that are there.</summary>
    private const int AcceptsPerTurn = 64;

    private static readonly TimeSpan Breather = TimeSpan.FromMilliseconds(100);

    private readonly Loop _loop = Loop.Next();
    private readonly NetSocket _socket;
    private readonly int _fd;
    private readonly MemoryPool<byte> _pool;
    private readonly ITimer _retry;
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private bool _closed;

    public LoopListener(NetSocket socket, MemoryPool<byte> pool)
    {
        _socket = socket;
        _fd = (int)socket.SafeHandle.DangerousGetHandle();
        _pool = pool;
        EndPoint = socket.LocalEndPoint!;
        _retry = TimeProvider.System.CreateTimer(
            static l => ((LoopListener)l!)._loop.Post(static state => ((LoopListener)state).Resume(), l), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public EndPoint EndPoint { get; }

    public void Start()
    {
        Libc.MakeNonBlocking(_fd);
        _loop.Post(static l => ((LoopListener)l)._loop.Add((LoopListener)l, ((LoopListener)l)._fd, Libc.EpollIn), this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out var connection)) return connection;
        }

        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(static state => (((LoopListener, TaskCompletionSource))state).Item1.Close((((LoopListener, TaskCompletionSource))state).Item2), (this, done));
        await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        await _retry.DisposeAsync().ConfigureAwait(false);
        if (!ReferenceEquals(_pool, MemoryPool<byte>.Shared)) _pool.Dispose();
    }

    internal override void OnReady(uint events)
    {
        Span<byte> address = stackalloc byte[Libc.MaxAddressBytes];
        for (int i = 0; i < AcceptsPerTurn && !_closed; i++)
        {
            int fd = Libc.Accept(_fd, address, out int length);
            if (fd >= 0)
            {
                Libc.NoDelay(fd);
                var connection = new LoopConnection(_loop, fd, _pool, Addresses.Parse(address[..Math.Min(length, address.Length)]));
                connection.Start();
                _accepted.Writer.TryWrite(connection);
                continue;
            }

            if (fd is -Libc.TryAgain or -Libc.Interrupted) return;
            if (fd == -Libc.ConnectionAborted) continue;
            // Out of descriptors or memory: asking again at once would only burn the processor.
            _loop.Watch(this, _fd, 0);
            _retry.Change(Breather, Timeout.InfiniteTimeSpan);
            return;
        }
    }

    internal override void OnFailure(Exception error) => _accepted.Writer.TryComplete(error);

    private void Resume()
    {
        if (!_closed) _loop.Watch(this, _fd, Libc.EpollIn);
    }

    private void Close(TaskCompletionSource done)
    {
        if (!_closed)
        {
            _closed = true;
            _loop.Remove(this, _fd);
            _socket.Dispose();
            _accepted.Writer.TryComplete();
        }

        done.TrySetResult();
    }
}
