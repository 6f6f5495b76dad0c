using System.Net;
using System.Net.Sockets;
using CodeChill.SocketIO.Tests.Support;
using Microsoft.AspNetCore.Builder;
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
}
