using System.Net;
using System.Net.Sockets;
using CodeChill.SocketIO.EventLoop;
using CodeChill.SocketIO.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.Tests.Engine;

public sealed class VanishingPeerTests
{
    /// <summary>
    /// An answer on its way to somebody who went ended the connection's sending without a word to who was writing: the write waited for ever and Kestrel
    /// got an exception where it gives the connection back.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_answer_to_a_peer_that_is_gone_ends(bool loops)
    {
        const int Peers = 200;
        int asked = 0, ended = 0;
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(loops: loops, map: app => app.MapGet("/large", async http =>
        {
            Interlocked.Increment(ref asked);
            try
            {
                var block = new byte[64 * 1024];
                for (int i = 0; i < 200; i++) await http.Response.Body.WriteAsync(block, http.RequestAborted);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // Told that the peer is gone: all that is asked for.
            }
            finally
            {
                if (Interlocked.Increment(ref ended) == Peers) over.TrySetResult();
            }
        }));
        var first = new byte[1024];
        for (int i = 0; i < Peers; i++)
        {
            using var peer = new NetSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
            await peer.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
            await peer.SendAsync("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            // The answer has begun; half of the peers reset, the others just close.
            (await peer.ReceiveAsync(first, TestContext.Current.CancellationToken)).ShouldBeGreaterThan(0);
            if (i % 2 == 0) peer.LingerState = new LingerOption(true, 0);
        }

        await over.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        asked.ShouldBe(Peers);
        server.Errors.ShouldBeEmpty();
    }

    /// <summary>
    /// A peer that says it will send no more may still read: on the event loops it gets its answer, also one that takes a while and is larger than the
    /// socket's buffers. (Kestrel's own transport takes it for gone.)
    /// </summary>
    [Fact]
    public async Task A_peer_that_closed_its_sending_side_gets_its_answer()
    {
        const int Blocks = 100;
        await using var server = await TestServer.StartAsync(loops: true, map: app => app.MapGet("/slow", async http =>
        {
            var loop = (LoopConnection)http.Features.Get<IMemoryPoolFeature>()!;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var told = loop.PeerFinished.Register(seen.SetResult);
            await seen.Task;
            var block = new byte[64 * 1024];
            for (int i = 0; i < Blocks; i++) await http.Response.Body.WriteAsync(block);
        }));
        using var peer = new TcpClient();
        await peer.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        var stream = peer.GetStream();
        await stream.WriteAsync("GET /slow HTTP/1.0\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        peer.Client.Shutdown(SocketShutdown.Send);
        using var whole = new MemoryStream();
        await stream.CopyToAsync(whole, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        whole.Length.ShouldBeGreaterThan(Blocks * 64 * 1024);
    }

    /// <summary>One that is gone is taken for that after a while even by a request that never writes.</summary>
    [Fact]
    public async Task A_peer_that_is_gone_ends_a_request_that_waits()
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(loops: true, map: app => app.MapGet("/wait", async http =>
        {
            await Task.WhenAny(Task.Delay(Timeout.Infinite, http.RequestAborted));
            over.TrySetResult();
        }));
        using (var peer = new TcpClient())
        {
            await peer.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
            await peer.GetStream().WriteAsync("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        await over.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
