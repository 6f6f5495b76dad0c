using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using CodeChill.SocketIO.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CodeChill.SocketIO.Tests.Engine;

/// <summary>The door for endpoints that speak a protocol of their own: handshake, frames, lanes.</summary>
public sealed class RawDoorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handshake_is_answered_frames_arrive_and_the_socket_is_there_where_nothing_stands_between(bool loops)
    {
        var sockets = new ConcurrentQueue<bool>();
        await using var server = await TestServer.StartAsync(loops: loops, map: app => app.Map("/raw", async http =>
        {
            if (!WebSocketUpgrade.IsHandshake(http))
            {
                http.Response.StatusCode = 426;
                return;
            }

            var upgrade = await WebSocketUpgrade.AcceptAsync(http);
            sockets.Enqueue(upgrade.Socket is not null);
            using var socket = WebSocket.CreateFromStream(upgrade.Stream, new WebSocketCreationOptions { IsServer = true });
            byte[] buffer = new byte[64];
            var first = await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted);
            byte[] frame = WebSocketUpgrade.Frame(WebSocketMessageType.Text, "heard "u8, buffer.AsSpan(0, first.Count));
            // The first frame has come: either way may be taken.
            if (upgrade.Socket is { } direct) await direct.SendAsync(frame, http.RequestAborted);
            else await upgrade.Stream.WriteAsync(frame, http.RequestAborted);
            await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted);
        }));
        using var limit = new CancellationTokenSource(Patience);
        using (var raw = await RawWebSocket.OpenAsync(server.Port, path: "/raw", query: ""))
        {
            // The answer to this key stands in RFC 6455 section 1.3.
            raw.Head.ShouldContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            await raw.SendTextAsync("you");
            (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("heard you");
        }

        sockets.ShouldBe([!loops]);
        using var http = new HttpClient();
        ((int)(await http.GetAsync(server.Url + "/raw", limit.Token)).StatusCode).ShouldBe(426);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!")]
    [InlineData("Sec-WebSocket-Version: 13")]
    public async Task Handshake_with_a_fault_is_none(string headers)
    {
        await using var server = await TestServer.StartAsync(map: static app => app.Map("/raw", static http => http.Response.WriteAsync(WebSocketUpgrade.IsHandshake(http) ? "yes" : "no")));
        using var raw = await RawWebSocket.DialAsync(server.Port);
        await raw.SendRawAsync($"GET /raw HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n{headers}\r\n\r\n");
        using var reader = new StreamReader(raw.Stream);
        (await reader.ReadToEndAsync().WaitAsync(Patience)).ShouldContain("no");
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(125, 2)]
    [InlineData(126, 4)]
    [InlineData(65_535, 4)]
    [InlineData(65_536, 10)]
    public void Frame_has_the_shortest_header_of_its_length(int length, int header)
    {
        byte[] payload = Encoding.ASCII.GetBytes(new string('x', length));
        byte[] frame = WebSocketUpgrade.Frame(WebSocketMessageType.Binary, payload.AsSpan(0, length / 3), payload.AsSpan(length / 3));
        frame.Length.ShouldBe(header + length);
        frame[0].ShouldBe((byte)0x82);
        frame[1].ShouldBe((byte)(header switch { 2 => length, 4 => 126, _ => 127 }));
        frame.AsSpan(header).SequenceEqual(payload).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(static () => WebSocketUpgrade.Frame(WebSocketMessageType.Close, default));
    }

    [Fact]
    public async Task Lane_flushes_everyone_once_per_call_and_one_at_a_time()
    {
        var lane = new FlushLane();
        const int Members = 100, Rounds = 200;
        int running = 0, overlaps = 0, flushes = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var members = new Member[Members];
        for (int i = 0; i < Members; i++)
        {
            int rounds = 0;
            Member? self = null;
            members[i] = self = new Member(() =>
            {
                if (Interlocked.Increment(ref running) != 1) Interlocked.Increment(ref overlaps);
                Interlocked.Decrement(ref running);
                // Adds itself again from inside its own flush.
                if (++rounds < Rounds) lane.Add(self!);
                if (Interlocked.Increment(ref flushes) == Members * Rounds) all.SetResult();
            });
        }

        Parallel.ForEach(members, lane.Add);
        await all.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        overlaps.ShouldBe(0);
    }

    /// <summary>The product is built on what anybody can call: nothing internal is shown to it.</summary>
    [Fact]
    public void Internals_are_visible_to_these_tests_only() =>
        typeof(SocketIOServer).Assembly.GetCustomAttributes(typeof(InternalsVisibleToAttribute), false).Cast<InternalsVisibleToAttribute>()
            .Select(static a => a.AssemblyName).ShouldBe(["CodeChill.SocketIO.Tests"]);

    private sealed class Member(Action flush) : IFlushable
    {
        public void Flush() => flush();
    }
}
