using System.Diagnostics;
using System.Net;
using System.Text;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Attacks;

/// <summary>One test per row of the known faults of Socket.IO servers.</summary>
public sealed class SecurityTableTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Large_text_takes_linear_time()
    {
        // CVE-2020-36049, CVE-2020-36048: quadratic concatenation of a large packet.
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        foreach (string transport in (string[])["websocket", "polling"])
        {
            await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
            await client.SendAsync(limit.Token, "42[\"nobody\",\"" + new string('x', 999_900) + "\"]");
            await client.ExpectOpenAsync(limit.Token);
            await client.SendAsync(limit.Token, "42[\"nobody\"," + string.Join(',', Enumerable.Repeat("1", 400_000)) + "]");
            await client.ExpectOpenAsync(limit.Token);
        }
    }

    [Fact]
    public async Task Message_over_the_limit_is_closed_with_1009()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        await raw.SendRawAsync((byte[])[0x81, 0xFF, 0, 0, 0, 0, 0, 0x0F, 0x42, 0x41, 1, 2, 3, 4]);
        var close = await raw.ReceiveAsync(limit.Token);
        close!.Value.Opcode.ShouldBe(0x88);
        close.Value.Payload.ShouldBe([0x03, 0xF1]);
    }

    [Fact]
    public async Task Reserved_bits_right_after_the_upgrade_close_only_that_connection()
    {
        // CVE-2022-21676.
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.DialAsync(server.Port);
        await raw.SendRawAsync(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\xF1\x80\x01\x02\x03\x04");
        (await raw.ReadHeadAsync()).ShouldStartWith("HTTP/1.1 101");
        while (await raw.ReceiveAsync(limit.Token) is not null)
        {
        }

        await AliveAsync(server, limit.Token);
    }

    [Fact]
    public async Task Reset_while_an_upgrade_is_refused_does_nothing()
    {
        // CVE-2022-41940.
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        for (int i = 0; i < 50; i++)
        {
            using var raw = await RawWebSocket.DialAsync(server.Port);
            raw.Client.LingerState = new System.Net.Sockets.LingerOption(true, 0);
            await raw.SendRawAsync("GET /socket.io/?EIO=4&transport=websocket&sid=none HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        }

        await AliveAsync(server, limit.Token);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short")]
    [InlineData("Sec-WebSocket-Version: 13")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ************************")]
    public async Task Malformed_opening_handshake_is_refused(string headers)
    {
        await using var server = await StartAsync();
        using var raw = await RawWebSocket.DialAsync(server.Port);
        await raw.SendRawAsync($"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{headers}\r\n\r\n");
        (await raw.ReadHeadAsync()).ShouldStartWith("HTTP/1.1 400");
        server.IO.SessionCount.ShouldBe(0);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Attachments_that_never_come_end_at_their_deadline(string transport)
    {
        // CVE-2026-33151 and its like.
        await using var server = await StartAsync(static o => o.AttachmentTimeout = TimeSpan.FromMilliseconds(300));
        using var limit = new CancellationTokenSource(Patience);
        await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
        await client.SendAsync(limit.Token, "452-[\"nobody\"]", new byte[10]);
        await client.ExpectClosedAsync(limit.Token);
        await server.ExpectLeftAsync(limit.Token);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Attachments_count_together(string transport)
    {
        await using var server = await StartAsync(static o =>
        {
            o.MaxPayloadBytes = 100_000;
            o.MaxPacketBytes = 150_000;
        });
        using var limit = new CancellationTokenSource(Patience);
        await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
        await client.SendAsync(limit.Token, "453-[\"nobody\"]");
        for (int i = 0; i < 3; i++) await client.SendAsync(limit.Token, new byte[60_000]);
        await client.ExpectClosedAsync(limit.Token);
    }

    [Fact]
    public async Task Tiny_fragments_are_limited()
    {
        // CVE-2026-48779.
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        byte[] flood = [.. RawWebSocket.Frame(0x01, "4"u8), .. Enumerable.Range(0, 2000).SelectMany(static _ => RawWebSocket.Frame(0x00, "x"u8))];
        await raw.SendRawAsync(flood);
        var close = await raw.ReceiveAsync(limit.Token);
        close!.Value.Payload.ShouldBe([0x03, 0xF1]);
    }

    [Fact]
    public async Task A_message_in_fragments_is_put_together_and_pings_may_come_between()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        byte[] text = Encoding.UTF8.GetBytes("42[\"echo\",\"\U0001F600\"]");
        await raw.SendFrameAsync(0x01, text[..12]);
        await raw.SendFrameAsync(0x89, [7, 8]);
        await raw.SendFrameAsync(0x00, text[12..13]);
        await raw.SendFrameAsync(0x80, text[13..]);
        var pong = await raw.ReceiveAsync(limit.Token);
        pong!.Value.Opcode.ShouldBe(0x8A);
        pong.Value.Payload.ShouldBe([7, 8]);
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("42[\"echo-back\",\"\U0001F600\"]");
    }

    [Fact]
    public async Task Byte_by_byte_is_as_good_as_at_once()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        foreach (byte b in RawWebSocket.Frame(0x81, Encoding.UTF8.GetBytes($"42[\"echo\",\"{new string('y', 200)}\"]"))) await raw.SendRawAsync((byte[])[b]);
        (await raw.ReceiveTextAsync(limit.Token)).ShouldContain("yyyy");
    }

    [Fact]
    public async Task Unjoined_sessions_are_counted_and_end_at_their_deadline()
    {
        await using var server = await StartAsync(static o =>
        {
            o.ConnectTimeout = TimeSpan.FromMilliseconds(400);
            o.MaxUnjoinedConnections = 5;
        });
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(Patience);
        var sockets = new List<RawWebSocket>();
        for (int i = 0; i < 3; i++) sockets.Add(await RawWebSocket.OpenAsync(server.Port));
        for (int i = 0; i < 2; i++) (await http.GetStringAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token)).ShouldStartWith("0{");
        using (var refused = await http.GetAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token))
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        foreach (var socket in sockets)
        {
            while (await socket.ReceiveAsync(limit.Token) is not null)
            {
            }
        }

        // All five places are free again, and joining frees one at once.
        for (int i = 0; i < 8; i++)
        {
            using var raw = await RawWebSocket.OpenAsync(server.Port);
            raw.Status.ShouldBe(101);
            await raw.JoinAsync(limit.Token);
        }
    }

    [Fact]
    public async Task Upgrade_that_is_never_finished_is_dropped_and_polling_lives()
    {
        await using var server = await StartAsync(static o => o.UpgradeTimeout = TimeSpan.FromMilliseconds(300));
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(Patience);
        string open = await http.GetStringAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token);
        string sid = open.Split("\"sid\":\"")[1].Split('"')[0];
        using var raw = await RawWebSocket.OpenAsync(server.Port, $"EIO=4&transport=websocket&sid={sid}");
        await raw.SendTextAsync("2probe");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("3probe");
        while (await raw.ReceiveAsync(limit.Token) is not null)
        {
        }

        string session = $"{server.Url}/socket.io/?EIO=4&transport=polling&sid={sid}";
        using var content = new StringContent("40");
        (await (await http.PostAsync(session, content, limit.Token)).Content.ReadAsStringAsync(limit.Token)).ShouldBe("ok");
        (await http.GetStringAsync(session, limit.Token)).ShouldStartWith("40{");
    }

    [Fact]
    public async Task Half_a_frame_forever_ends_with_the_ping_timeout()
    {
        await using var server = await StartAsync(static o =>
        {
            o.PingInterval = TimeSpan.FromMilliseconds(300);
            o.PingTimeout = TimeSpan.FromMilliseconds(300);
        });
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        await raw.SendRawAsync((byte[])[0x81, 0xFE, 1, 0, 1, 2, 3, 4, 5]);
        while (await raw.ReceiveAsync(limit.Token) is not null)
        {
        }

        await server.ExpectLeftAsync(limit.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Slow_reader_is_disconnected_and_its_memory_released(bool direct)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Socket? victim = null;
        await using var server = await TestServer.StartAsync(
            o =>
            {
                o.MaxSendQueueBytes = 200_000;
                o.DirectSocketWrites = direct;
            },
            io => io.Default.OnConnection(socket =>
            {
                victim = socket;
                socket.OnDisconnect(reason =>
                {
                    ended.SetResult(reason + "|" + socket.DisconnectDescription);
                    return ValueTask.CompletedTask;
                });
            }));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.DialAsync(server.Port);
        raw.Client.ReceiveBufferSize = 4096;
        await raw.HandshakeAsync("EIO=4&transport=websocket");
        await raw.JoinAsync(limit.Token);
        await raw.SendTextAsync("3");
        string blob = new('z', 50_000);
        for (int i = 0; i < 2000 && !ended.Task.IsCompleted; i++) victim!.Emit("data", blob);
        (await ended.Task.WaitAsync(limit.Token)).ShouldBe("slow consumer|more than 200000 bytes unsent");
        await server.ExpectLeftAsync(limit.Token);
    }

    [Fact]
    public async Task Volatile_events_of_a_blocked_reader_are_dropped()
    {
        Socket? victim = null;
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(s => victim = s));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.DialAsync(server.Port);
        raw.Client.ReceiveBufferSize = 131072;
        await raw.HandshakeAsync("EIO=4&transport=websocket");
        await raw.JoinAsync(limit.Token);
        string blob = new('z', 50_000);
        for (int i = 0; i < 2000; i++) victim!.Volatile.Emit("data", blob);
        victim!.Connected.ShouldBeTrue();
        victim.Emit("last", 1);
        int received = 0;
        while (await raw.ReceiveTextAsync(limit.Token) is var text && !text.Contains("last", StringComparison.Ordinal)) received++;
        received.ShouldBeInRange(1, 1999);
    }

    [Fact]
    public async Task Pending_acks_are_limited_and_go_with_the_socket()
    {
        Socket? socket = null;
        await using var server = await TestServer.StartAsync(static o => o.MaxPendingAcks = 3, io => io.Default.OnConnection(s => socket = s));
        using var limit = new CancellationTokenSource(Patience);
        using (var raw = await RawWebSocket.OpenAsync(server.Port))
        {
            await raw.JoinAsync(limit.Token);
            var waiting = Enumerable.Range(0, 3).Select(_ => socket!.EmitWithAckAsync("q", [], TimeSpan.FromMinutes(1))).ToArray();
            Should.Throw<InvalidOperationException>(() => socket!.EmitWithAckAsync("q", [], TimeSpan.FromMinutes(1)));
            raw.Dispose();
            foreach (var ack in waiting) (await ack.WaitAsync(limit.Token)).Status.ShouldBe(AckStatus.Disconnected);
        }
    }

    [Fact]
    public async Task Rooms_of_a_socket_are_limited_and_joining_after_the_end_does_nothing()
    {
        // The leak of socket.io issue 4067.
        Socket? socket = null;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(static o => o.MaxRoomsPerSocket = 3, io => io.Default.OnConnection(s =>
        {
            socket = s;
            s.OnDisconnect(_ =>
            {
                s.Join("late");
                ended.SetResult();
                return ValueTask.CompletedTask;
            });
        }));
        using var limit = new CancellationTokenSource(Patience);
        using (var raw = await RawWebSocket.OpenAsync(server.Port))
        {
            await raw.JoinAsync(limit.Token);
            socket!.Join("a");
            socket.Join("b");
            Should.Throw<InvalidOperationException>(() => socket.Join("c"));
            Should.Throw<ArgumentException>(() => socket.Join(new string('r', 513)));
        }

        await ended.Task.WaitAsync(limit.Token);
        server.IO.Default.RoomNames.ShouldBeEmpty();
        socket!.Rooms.ShouldBe([socket.Id, "a", "b"]);
    }

    [Fact]
    public async Task Namespaces_of_a_matcher_are_limited_and_go_with_their_last_client()
    {
        await using var server = await TestServer.StartAsync(static o => o.MaxMatchedNamespaces = 2, static io => io.OfMatching(static (_, _) => ValueTask.FromResult(true)));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.ReceiveTextAsync(limit.Token);
        foreach (string name in (string[])["/a", "/b"])
        {
            await raw.SendTextAsync("40" + name);
            (await raw.ReceiveTextAsync(limit.Token)).ShouldStartWith($"40{name},{{\"sid\"");
        }

        await raw.SendTextAsync("40/c");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("44/c,{\"message\":\"Invalid namespace\"}");
        await raw.SendTextAsync("41/a,");
        await raw.SendTextAsync("40/c");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldStartWith("40/c,{\"sid\"");
        server.IO.Namespaces.Select(static n => n.Name).Order().ShouldBe(["/", "/b", "/c"]);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Event_flood_pauses_reading_instead_of_growing(string transport)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int running = 0, most = 0, done = 0;
        await using var server = await TestServer.StartAsync(static o => o.MaxQueuedEvents = 8, io => io.Default.OnConnection(socket =>
            socket.On("work", async _ =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await gate.Task;
                Interlocked.Decrement(ref running);
                Interlocked.Increment(ref done);
            })));
        using var limit = new CancellationTokenSource(Patience);
        await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
        var sending = transport == "websocket"
            ? client.SendAsync(limit.Token, [.. Enumerable.Repeat<object>("42[\"work\"]", 500)])
            : client.SendAsync(limit.Token, string.Join('\x1e', Enumerable.Repeat("42[\"work\"]", 500)));
        gate.SetResult();
        await sending;
        await client.SendAsync(limit.Token, "421[\"work\"]");
        while (Volatile.Read(ref done) < 501)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        most.ShouldBe(1);
    }

    [Fact]
    public async Task Deep_arguments_of_our_own_fail_at_the_caller()
    {
        await using var server = await TestServer.StartAsync();
        object nested = 1;
        for (int i = 0; i < 5000; i++) nested = new object[] { nested };
        Should.Throw<System.Text.Json.JsonException>(() => server.IO.Default.Emit("x", nested));
        await AliveAsync(server, CancellationToken.None);
    }

    [Fact]
    public async Task Two_thousand_headers_are_refused()
    {
        // CVE-2024-37890.
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.DialAsync(server.Port);
        try
        {
            await raw.HandshakeAsync("EIO=4&transport=websocket", string.Concat(Enumerable.Range(0, 2000).Select(static i => $"X-{i}: {i}\r\n")));
            raw.Status.ShouldBe(431);
        }
        catch (IOException)
        {
            // Hung up before we had sent them all.
        }

        await AliveAsync(server, limit.Token);
    }

    [Fact]
    public async Task Session_id_is_secret_and_differs_from_the_socket_id()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        string open = await raw.ReceiveTextAsync(limit.Token);
        await raw.SendTextAsync("40");
        string connected = await raw.ReceiveTextAsync(limit.Token);
        string sid = open.Split("\"sid\":\"")[1].Split('"')[0], id = connected.Split("\"sid\":\"")[1].Split('"')[0];
        id.ShouldNotBe(sid);
        using var http = new HttpClient();
        using var answer = await http.GetAsync($"{server.Url}/socket.io/?EIO=4&transport=polling&sid={id}", limit.Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Poll_held_while_the_session_closes_is_answered()
    {
        Socket? socket = null;
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(s => socket = s));
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(Patience);
        string open = await http.GetStringAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token);
        string session = $"{server.Url}/socket.io/?EIO=4&transport=polling&sid={open.Split("\"sid\":\"")[1].Split('"')[0]}";
        using var connect = new StringContent("40");
        using (await http.PostAsync(session, connect, limit.Token))
        {
        }

        await http.GetStringAsync(session, limit.Token);
        var held = http.GetStringAsync(session, limit.Token);
        socket!.Disconnect(close: true);
        (await held).ShouldBe("41");
        (await http.GetStringAsync(session, limit.Token)).ShouldBe("1");
        using var gone = await http.GetAsync(session, limit.Token);
        gone.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static Task<TestServer> StartAsync(Action<SocketIOOptions>? configure = null) => TestServer.StartAsync(
        configure, static io => io.Default.OnConnection(static socket => socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments))));

    private static async Task AliveAsync(TestServer server, CancellationToken ct)
    {
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(ct);
        server.Errors.ShouldBeEmpty();
    }
}
