using System.Net;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Attacks;

/// <summary>
/// Faults of other servers that either transport could have, over both of them, and on Kestrel's own transport as well as on the event loops.
/// </summary>
public sealed class BothTransportsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string, bool> Everywhere => new() { { "websocket", true }, { "websocket", false }, { "polling", true }, { "polling", false } };

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Nothing_is_kept_for_a_client_that_has_not_joined(string transport, bool loops)
    {
        // GHSA-55mf-67qm-4wpg: attachments before CONNECT were stored without a bound.
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        foreach (object[] packets in (object[][])[["4510-[\"x\"]", new byte[100_000]], [new byte[100_000]], ["42[\"x\"]"], ["421[\"x\"]"], ["431[]"]])
        {
            await using var client = await WireClient.OpenAsync(server, transport, limit.Token);
            await client.SendAsync(limit.Token, packets);
            await client.ExpectClosedAsync(limit.Token);
        }

        await server.ExpectLeftAsync(limit.Token);
        server.Errors.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Slow_consumer_ends_and_the_others_go_on(string transport, bool loops)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            loops,
            static o => o.MaxSendQueueBytes = 300_000,
            socket => socket.On("stall", ev => ev.Socket.OnDisconnect(reason =>
            {
                ended.TrySetResult(reason);
                return ValueTask.CompletedTask;
            })));
        using var limit = new CancellationTokenSource(Patience);
        await using var stalled = await WireClient.JoinAsync(server, transport, limit.Token);
        await using var bystander = await WireClient.JoinAsync(server, transport, limit.Token);
        await stalled.SendAsync(limit.Token, "42[\"stall\"]", "42[\"echo\",\"ready\"]");
        (await stalled.ReceiveAsync(limit.Token)).ShouldBe("42[\"echo-back\",\"ready\"]");
        string blob = new('z', 20_000);
        for (int i = 0; i < 2000 && !ended.Task.IsCompleted; i++)
        {
            server.IO.Default.Emit("data", blob);
            // It reads on: what one client leaves lying must not keep another waiting.
            (await bystander.ReceiveAsync(limit.Token)).ShouldBe($"42[\"data\",\"{blob}\"]");
        }

        (await ended.Task.WaitAsync(limit.Token)).ShouldBe(DisconnectReasons.SlowConsumer);
        await bystander.ExpectOpenAsync(limit.Token);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Handlers_that_throw_and_events_without_a_listener_end_nothing(string transport, bool loops)
    {
        // CVE-2024-38355: an "error" event without a listener ended the process.
        await using var server = await StartAsync(loops, use: static socket =>
        {
            socket.On("boom", static _ => throw new InvalidOperationException("at once"));
            socket.On("later", static async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("later");
            });
        });
        using var limit = new CancellationTokenSource(Patience);
        await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
        await client.SendAsync(limit.Token, "42[\"error\",{}]", "42[\"boom\"]", "42[\"later\"]", "421[\"boom\"]");
        await client.ExpectOpenAsync(limit.Token);
        server.Errors.Count.ShouldBe(3);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Two_thousand_packets_at_once_are_handled_in_order(string transport, bool loops)
    {
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        await using var client = await WireClient.JoinAsync(server, transport, limit.Token);
        await client.SendAsync(limit.Token, [.. Enumerable.Range(0, 2000).Select(static i => (object)$"42[\"echo\",{i}]")]);
        for (int i = 0; i < 2000; i++) (await client.ReceiveAsync(limit.Token)).ShouldBe($"42[\"echo-back\",{i}]");
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Pooled_buffers_never_show_old_bytes(string transport, bool loops)
    {
        // CVE-2026-45736: uninitialised memory in an answer. Long packets of one client, then short ones of another, through the same pools.
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        await using var first = await WireClient.JoinAsync(server, transport, limit.Token);
        await using var second = await WireClient.JoinAsync(server, transport, limit.Token);
        var random = new Random(20260);
        for (int i = 0; i < 60; i++)
        {
            string secret = new('S', random.Next(1, 70_000)), text = new('t', random.Next(0, 300));
            byte[] data = new byte[random.Next(0, 5000)];
            await first.SendAsync(limit.Token, $"42[\"echo\",\"{secret}\"]");
            (await first.ReceiveAsync(limit.Token)).ShouldBe($"42[\"echo-back\",\"{secret}\"]");
            await second.SendAsync(limit.Token, $"451-[\"echo\",\"{text}\",{{\"_placeholder\":true,\"num\":0}}]", data);
            (await second.ReceiveAsync(limit.Token)).ShouldBe($"451-[\"echo-back\",\"{text}\",{{\"_placeholder\":true,\"num\":0}}]");
            (await second.ReceiveAsync(limit.Token)).ShouldBe(data);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Half_a_body_ends_the_session_and_nothing_else(bool loops)
    {
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        using var http = new HttpClient();
        await using var bystander = await WireClient.JoinAsync(server, "polling", limit.Token);
        string sid = (await http.GetStringAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token)).Split("\"sid\":\"")[1].Split('"')[0];
        using (var raw = await RawWebSocket.DialAsync(server.Port))
        {
            await raw.SendRawAsync($"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n40");
            raw.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            await raw.ReadHeadAsync();
        }

        await server.ExpectLeftAsync(limit.Token, sessions: 1, sockets: 1);

        await bystander.ExpectOpenAsync(limit.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Compressed_body_is_not_inflated(bool loops)
    {
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        using var http = new HttpClient();
        string sid = (await http.GetStringAsync(server.Url + "/socket.io/?EIO=4&transport=polling", limit.Token)).Split("\"sid\":\"")[1].Split('"')[0];
        using var bomb = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(bomb, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(new byte[8_000_000], limit.Token);
        using var content = new ByteArrayContent(bomb.ToArray());
        content.Headers.Add("Content-Encoding", "gzip");
        content.Headers.Add("Content-Type", "text/plain");
        using (var answer = await http.PostAsync($"{server.Url}/socket.io/?EIO=4&transport=polling&sid={sid}", content, limit.Token))
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        await server.ExpectLeftAsync(limit.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fragments_pin_no_more_than_the_message_limit(bool loops)
    {
        // 131,000 one-byte fragments on each of eight connections that have not joined anything.
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        byte[] flood = [.. RawWebSocket.Frame(0x01, "4"u8), .. Enumerable.Range(0, 131_000).SelectMany(static _ => RawWebSocket.Frame(0x00, "x"u8))];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var attackers = new List<RawWebSocket>();
        for (int i = 0; i < 8; i++)
        {
            var raw = await RawWebSocket.OpenAsync(server.Port);
            attackers.Add(raw);
            try
            {
                await raw.SendRawAsync(flood);
            }
            catch (IOException)
            {
                // Closed before it was all sent.
            }
        }

        foreach (var raw in attackers)
        {
            while (await raw.ReceiveAsync(limit.Token) is not null)
            {
            }
        }

        await server.ExpectLeftAsync(limit.Token);
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(2_000_000);
        foreach (var raw in attackers) raw.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resets_at_any_moment_of_an_upgrade_leave_nothing_behind(bool loops)
    {
        await using var server = await StartAsync(loops);
        using var limit = new CancellationTokenSource(Patience);
        for (int i = 0; i < 150; i++)
        {
            using var raw = await RawWebSocket.DialAsync(server.Port);
            raw.Client.LingerState = new System.Net.Sockets.LingerOption(true, 0);
            await raw.SendRawAsync("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            if (i % 3 == 1) await raw.ReadHeadAsync();
            if (i % 3 == 2) await raw.SendRawAsync(RawWebSocket.Frame(0x81, "40"u8));
        }

        await using (var client = await WireClient.JoinAsync(server, "websocket", limit.Token)) await client.ExpectOpenAsync(limit.Token);
        await server.ExpectLeftAsync(limit.Token);

        server.Errors.ShouldBeEmpty();
    }

    private static Task<TestServer> StartAsync(bool loops, Action<SocketIOOptions>? configure = null, Action<Socket>? use = null) => TestServer.StartAsync(
        configure,
        io => io.Default.OnConnection(socket =>
        {
            socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments));
            use?.Invoke(socket);
        }),
        loops: loops);
}
