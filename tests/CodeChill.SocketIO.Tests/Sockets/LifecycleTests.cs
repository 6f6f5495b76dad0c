using System.Collections.Concurrent;
using CodeChill.SocketIO.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodeChill.SocketIO.Tests.Sockets;

public sealed class LifecycleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Shutdown_sends_what_is_queued_and_gives_its_reason()
    {
        var reasons = new ConcurrentQueue<string>();
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(socket => socket.OnDisconnect(reason =>
        {
            reasons.Enqueue(reason);
            return ValueTask.CompletedTask;
        })));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        for (int i = 0; i < 100; i++) server.IO.Default.Emit("last", i);
        var closing = server.IO.CloseAsync(limit.Token);
        for (int i = 0; i < 100; i++) (await raw.ReceiveTextAsync(limit.Token)).ShouldBe($"42[\"last\",{i}]");
        (await raw.ReceiveAsync(limit.Token))!.Value.Opcode.ShouldBe(0x88);
        raw.Dispose();
        await closing;
        reasons.ShouldBe(["server shutting down"]);
        using var refused = await RawWebSocket.OpenAsync(server.Port);
        refused.Status.ShouldBe(503);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopping_the_host_sends_what_is_queued_and_waits_for_the_connections(bool loops)
    {
        await using var server = await TestServer.StartAsync(loops: loops);
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        string blob = new('z', 10_000);
        for (int i = 0; i < 50; i++) server.IO.Default.Emit("last", i, blob);
        var stopping = server.StopAsync();
        for (int i = 0; i < 50; i++) (await raw.ReceiveTextAsync(limit.Token)).ShouldStartWith($"42[\"last\",{i},");
        (await raw.ReceiveAsync(limit.Token))!.Value.Opcode.ShouldBe(0x88);
        // The client hasn't answered the close frame.
        stopping.IsCompleted.ShouldBeFalse();
        raw.Dispose();
        await stopping.WaitAsync(limit.Token);
    }

    /// <summary>
    /// Kestrel cancels every connection's read when it stops, and waits: taken for the end, it cost a slow reader what was queued for it.
    /// </summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Slow_reader_gets_what_was_queued_when_the_host_stopped(bool loops, bool direct)
    {
        const int Messages = 60;
        await using var server = await TestServer.StartAsync(
            o => (o.MaxSendQueueBytes, o.DirectSocketWrites) = (1 << 27, direct),
            loops: loops,
            map: static app => app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = Patience);
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        // More than the socket's buffers take.
        string blob = new('z', 500_000);
        for (int i = 0; i < Messages; i++) server.IO.Default.Emit("last", i, blob);
        var stopping = server.StopAsync();
        // Nobody listens any more: Kestrel is at its connections.
        while (await IsListeningAsync(server.Port)) await Task.Yield();
        for (int i = 0; i < Messages; i++) (await raw.ReceiveTextAsync(limit.Token)).ShouldStartWith($"42[\"last\",{i},");
        (await raw.ReceiveAsync(limit.Token))!.Value.Opcode.ShouldBe(0x88);
        raw.Dispose();
        await stopping.WaitAsync(limit.Token);
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        using var probe = new System.Net.Sockets.TcpClient();
        try
        {
            await probe.ConnectAsync(System.Net.IPAddress.Loopback, port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task Handlers_are_in_place_before_the_first_event_even_when_the_connection_handler_is_slow()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(async socket =>
        {
            await gate.Task;
            socket.On("first", static ev => ev.Ack("heard"));
        }));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        await raw.SendTextAsync("421[\"first\"]");
        gate.SetResult();
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("431[\"heard\"]");
    }

    [Fact]
    public async Task Client_gone_during_a_middleware_leaves_nothing_behind()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(use: io => io.Default.Use(async (socket, gone) =>
        {
            socket.Join("room");
            entered.SetResult();
            await Task.WhenAny(Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone));
            left.SetResult();
        }));
        using var limit = new CancellationTokenSource(Patience);
        using (var raw = await RawWebSocket.OpenAsync(server.Port))
        {
            await raw.ReceiveTextAsync(limit.Token);
            await raw.SendTextAsync("40");
            await entered.Task.WaitAsync(limit.Token);
        }

        await left.Task.WaitAsync(limit.Token);
        await server.ExpectLeftAsync(limit.Token);
        server.IO.Default.RoomNames.ShouldBeEmpty();
    }

    [Fact]
    public async Task Released_handler_lets_the_next_event_start_and_an_unreleased_one_does_not()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var order = new ConcurrentQueue<string>();
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(socket =>
        {
            socket.On("released", async ev =>
            {
                order.Enqueue("released starts");
                ev.Release();
                await gate.Task;
                order.Enqueue("released ends");
                ev.Ack();
            });
            socket.On("held", async ev =>
            {
                order.Enqueue("held starts");
                await Task.Yield();
                order.Enqueue("held ends");
            });
            socket.On("open", _ => gate.SetResult());
        }));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        await raw.SendTextAsync("421[\"released\"]");
        await raw.SendTextAsync("42[\"held\"]");
        await raw.SendTextAsync("42[\"held\"]");
        await raw.SendTextAsync("42[\"open\"]");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("431[]");
        order.ShouldBe(["released starts", "held starts", "held ends", "held starts", "held ends", "released ends"]);
    }

    [Fact]
    public async Task Middlewares_of_events_catch_alls_and_outgoing_listeners_see_what_they_should()
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await TestServer.StartAsync(use: io => io.Default.OnConnection(socket =>
        {
            socket.OnAny(ev =>
            {
                seen.Enqueue("any " + ev.Name);
                return ValueTask.CompletedTask;
            });
            socket.OnAnyOutgoing((name, args) => seen.Enqueue($"out {name} {args.Count}"));
            socket.Use(static ev => ValueTask.FromResult(ev.Name != "forbidden"));
            socket.On("forbidden", _ => seen.Enqueue("never"));
            socket.On("allowed", ev =>
            {
                seen.Enqueue("allowed");
                ev.Socket.Emit("direct", 1);
                io.Default.Emit("broadcast", 1, 2);
                ev.Ack();
                ev.Ack("only once");
            });
        }));
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await raw.JoinAsync(limit.Token);
        await raw.SendTextAsync("42[\"forbidden\"]");
        await raw.SendTextAsync("429[\"allowed\"]");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("42[\"direct\",1]");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("42[\"broadcast\",1,2]");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe("439[]");
        seen.ShouldBe(["any forbidden", "any allowed", "allowed", "out direct 1", "out broadcast 2"]);
    }

    [Fact]
    public async Task Ping_timeout_and_broken_connections_have_their_reasons()
    {
        var reasons = new ConcurrentQueue<string>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(
            static o => (o.PingInterval, o.PingTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200)),
            io => io.Default.OnConnection(socket => socket.OnDisconnect(reason =>
            {
                reasons.Enqueue(reason);
                if (reasons.Count == 4) all.SetResult();
                return ValueTask.CompletedTask;
            })));
        using var limit = new CancellationTokenSource(Patience);
        using var silent = await RawWebSocket.OpenAsync(server.Port);
        await silent.JoinAsync(limit.Token);
        using var gone = await RawWebSocket.OpenAsync(server.Port);
        await gone.JoinAsync(limit.Token);
        gone.Dispose();
        using var rude = await RawWebSocket.OpenAsync(server.Port);
        await rude.JoinAsync(limit.Token);
        await rude.SendTextAsync("42{");
        using var polite = await RawWebSocket.OpenAsync(server.Port);
        await polite.JoinAsync(limit.Token);
        await polite.SendTextAsync("41");
        await all.Task.WaitAsync(limit.Token);
        reasons.Order().ShouldBe(["client namespace disconnect", "parse error", "ping timeout", "transport close"]);
    }

    [Fact]
    public async Task Cookie_carries_the_session_id()
    {
        await using var server = await TestServer.StartAsync(static o => o.Cookie = new SocketIOCookie());
        using var http = new HttpClient(new HttpClientHandler { UseCookies = false });
        using var answer = await http.GetAsync(server.Url + "/socket.io/?EIO=4&transport=polling");
        string sid = (await answer.Content.ReadAsStringAsync()).Split("\"sid\":\"")[1].Split('"')[0];
        answer.Headers.GetValues("Set-Cookie").ShouldBe([$"io={sid}; path=/; samesite=lax; httponly"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Compressed_messages_are_understood_and_produced_when_negotiated(bool offered)
    {
        await using var server = await TestServer.StartAsync(
            static o => o.WebSocketCompressionThresholdBytes = 200,
            static io => io.Default.OnConnection(static socket => socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments))));
        using var limit = new CancellationTokenSource(Patience);
        using var client = new System.Net.WebSockets.ClientWebSocket();
        if (offered) client.Options.DangerousDeflateOptions = new System.Net.WebSockets.WebSocketDeflateOptions();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/socket.io/?EIO=4&transport=websocket"), limit.Token);
        await ReceiveAsync();
        await SendAsync("40");
        await ReceiveAsync();
        string text = string.Concat(Enumerable.Repeat("compress me ", 500));
        for (int i = 0; i < 3; i++)
        {
            await SendAsync($"42[\"echo\",\"{text}\",{i}]");
            (await ReceiveAsync()).ShouldBe($"42[\"echo-back\",\"{text}\",{i}]");
        }

        async Task SendAsync(string message) => await client.SendAsync(
            System.Text.Encoding.UTF8.GetBytes(message), System.Net.WebSockets.WebSocketMessageType.Text, true, limit.Token);

        async Task<string> ReceiveAsync()
        {
            byte[] buffer = new byte[20_000];
            int length = 0;
            while (true)
            {
                var result = await client.ReceiveAsync(buffer.AsMemory(length), limit.Token);
                length += result.Count;
                if (result.EndOfMessage) return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    /// <summary>A kilobyte that becomes a hundred megabytes is put out at the limit of a message, not inflated to its end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Compressed_message_that_grows_past_the_limit_is_closed_with_1009(bool loops)
    {
        await using var server = await TestServer.StartAsync(static o => o.WebSocketCompressionThresholdBytes = 200, loops: loops);
        using var limit = new CancellationTokenSource(Patience);
        using var client = new System.Net.WebSockets.ClientWebSocket();
        client.Options.DangerousDeflateOptions = new System.Net.WebSockets.WebSocketDeflateOptions();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Port}/socket.io/?EIO=4&transport=websocket"), limit.Token);
        byte[] buffer = new byte[1000];
        await client.ReceiveAsync(buffer.AsMemory(), limit.Token);
        await client.SendAsync(new byte[100_000_000], System.Net.WebSockets.WebSocketMessageType.Binary, true, limit.Token);
        (await client.ReceiveAsync(buffer.AsMemory(), limit.Token)).MessageType.ShouldBe(System.Net.WebSockets.WebSocketMessageType.Close);
        client.CloseStatus.ShouldBe(System.Net.WebSockets.WebSocketCloseStatus.MessageTooBig);
    }
}
