using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Sockets;

/// <summary>Connection state recovery, and each of the reference's known faults with it.</summary>
public sealed class RecoveryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Lost_connection_gets_id_rooms_state_and_missed_packets_back_before_its_answer()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var first = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(first, limit.Token);
        var socket = server.IO.Default.Find(sid)!;
        socket.Join("room");
        socket.State = "kept";
        server.IO.Default.Emit("one", 1);
        string offset = Offset(await first.ReceiveTextAsync(limit.Token));
        await LoseAsync(first, socket);
        server.IO.Default.To("room").Emit("two", 2);
        server.IO.Default.To("elsewhere").Emit("not for it", 0);
        server.IO.Default.Except("room").Emit("not for it either", 0);
        server.IO.Default.Volatile.Emit("volatile", 0);
        server.IO.Default.To(sid).Emit("three", 3);

        using var second = await RawWebSocket.OpenAsync(server.Port);
        await second.ReceiveTextAsync(limit.Token);
        await second.SendTextAsync($"40{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        (await second.ReceiveTextAsync(limit.Token)).ShouldStartWith("42[\"two\",2,\"");
        (await second.ReceiveTextAsync(limit.Token)).ShouldStartWith("42[\"three\",3,\"");
        (await second.ReceiveTextAsync(limit.Token)).ShouldBe($"40{{\"sid\":\"{sid}\",\"pid\":\"{pid}\"}}");
        var restored = server.IO.Default.Find(sid)!;
        restored.ShouldNotBeSameAs(socket);
        restored.Recovered.ShouldBeTrue();
        restored.State.ShouldBe("kept");
        restored.Rooms.ShouldBe([sid, "room"]);
    }

    [Fact]
    public async Task Recovers_before_the_first_event_and_again_and_again()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        var current = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(current, limit.Token);
        for (int i = 0; i < 3; i++)
        {
            // The old connection still seems alive to the server when the client comes back.
            var next = await RawWebSocket.OpenAsync(server.Port);
            await next.ReceiveTextAsync(limit.Token);
            await next.SendTextAsync($"40{{\"pid\":\"{pid}\"}}");
            (await next.ReceiveTextAsync(limit.Token)).ShouldBe($"40{{\"sid\":\"{sid}\",\"pid\":\"{pid}\"}}");
            current.Dispose();
            current = next;
        }

        server.IO.SocketCount.ShouldBe(1);
        current.Dispose();
    }

    [Fact]
    public async Task Volatile_event_repeats_the_offset_instead_of_letting_its_text_be_one()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        await JoinAsync(raw, limit.Token);
        server.IO.Default.Emit("stored", "x");
        string offset = Offset(await raw.ReceiveTextAsync(limit.Token));
        server.IO.Default.Volatile.Emit("volatile", "looks like an offset");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldBe($"42[\"volatile\",\"looks like an offset\",\"{offset}\"]");
    }

    [Fact]
    public async Task Quiet_client_recovers_though_the_packet_of_its_offset_is_long_gone()
    {
        await using var server = await StartAsync(static r => r.MaxBufferedBytes = 2_000);
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(raw, limit.Token);
        var socket = server.IO.Default.Find(sid)!;
        server.IO.Default.Emit("only one", 1);
        string offset = Offset(await raw.ReceiveTextAsync(limit.Token));
        for (int i = 0; i < 200; i++) server.IO.Default.To("others").Emit("noise", i);
        await LoseAsync(raw, socket);
        server.IO.Default.Emit("missed", 2);
        using var second = await RawWebSocket.OpenAsync(server.Port);
        await second.ReceiveTextAsync(limit.Token);
        await second.SendTextAsync($"40{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        (await second.ReceiveTextAsync(limit.Token)).ShouldStartWith("42[\"missed\",2,");
        (await second.ReceiveTextAsync(limit.Token)).ShouldContain(sid);
    }

    [Theory]
    [InlineData("someone-else", null)]
    [InlineData(null, "forged-1")]
    [InlineData(null, "no number")]
    public async Task Wrong_secret_or_offset_gets_a_fresh_socket(string? otherPid, string? offset)
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(raw, limit.Token);
        await LoseAsync(raw, server.IO.Default.Find(sid)!);
        using var second = await RawWebSocket.OpenAsync(server.Port);
        await second.ReceiveTextAsync(limit.Token);
        await second.SendTextAsync($"40{{\"pid\":\"{otherPid ?? pid}\"{(offset is null ? "" : $",\"offset\":\"{offset}\"")}}}");
        string answer = await second.ReceiveTextAsync(limit.Token);
        answer.ShouldNotContain(sid);
        answer.ShouldStartWith("40{\"sid\":\"");
    }

    [Fact]
    public async Task Packets_that_are_gone_mean_no_recovery_rather_than_a_gap()
    {
        await using var server = await StartAsync(static r => r.MaxBufferedBytes = 2_000);
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(raw, limit.Token);
        server.IO.Default.Emit("seen", 1);
        string offset = Offset(await raw.ReceiveTextAsync(limit.Token));
        await LoseAsync(raw, server.IO.Default.Find(sid)!);
        for (int i = 0; i < 200; i++) server.IO.Default.Emit("missed", i);
        using var second = await RawWebSocket.OpenAsync(server.Port);
        await second.ReceiveTextAsync(limit.Token);
        await second.SendTextAsync($"40{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        (await second.ReceiveTextAsync(limit.Token)).ShouldNotContain(sid);
    }

    [Fact]
    public async Task Client_that_left_on_purpose_isnt_kept()
    {
        await using var server = await StartAsync();
        using var limit = new CancellationTokenSource(Patience);
        using var raw = await RawWebSocket.OpenAsync(server.Port);
        var (sid, pid) = await JoinAsync(raw, limit.Token);
        await raw.SendTextAsync("41");
        await raw.SendTextAsync($"40{{\"pid\":\"{pid}\"}}");
        (await raw.ReceiveTextAsync(limit.Token)).ShouldNotContain(sid);
    }

    [Fact]
    public async Task Official_client_recovers()
    {
        await using var server = await StartAsync(use: static io => io.Default.OnConnection(socket =>
        {
            socket.On("drop-me", static ev => ev.Socket.Broadcast.Emit("noted"));
            socket.On("cast", ev => io.Default.Emit("cast", ev.Get<int>(0)));
        }));
        string output = await Node.RunAsync("recovery.mjs", TimeSpan.FromSeconds(40), server.Url);
        output.ShouldContain("1 of 1 passed");
    }

    private static Task<TestServer> StartAsync(Action<SocketIORecoveryOptions>? configure = null, Action<SocketIOServer>? use = null) => TestServer.StartAsync(
        o =>
        {
            o.Recovery = new SocketIORecoveryOptions();
            configure?.Invoke(o.Recovery);
        },
        use);

    private static async Task<(string Sid, string Pid)> JoinAsync(RawWebSocket raw, CancellationToken ct)
    {
        await raw.ReceiveTextAsync(ct);
        await raw.SendTextAsync("40");
        string answer = await raw.ReceiveTextAsync(ct);
        return (answer.Split("\"sid\":\"")[1].Split('"')[0], answer.Split("\"pid\":\"")[1].Split('"')[0]);
    }

    private static async Task LoseAsync(RawWebSocket raw, Socket socket)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.OnDisconnect(_ =>
        {
            gone.SetResult();
            return ValueTask.CompletedTask;
        });
        raw.Dispose();
        await gone.Task.WaitAsync(Patience);
    }

    private static string Offset(string packet) => packet.Split('"')[^2];
}
