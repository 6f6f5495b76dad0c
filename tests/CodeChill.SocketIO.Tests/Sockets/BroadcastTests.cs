using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Sockets;

/// <summary>What a namespace does with many sockets at once, over both transports of the protocol.</summary>
public sealed class BroadcastTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Several_rooms_are_reached_once_and_exceptions_not_at_all(string transport)
    {
        await using var room = await ThreeAsync(transport);
        var io = room.Server.IO.Default;
        room.Sockets[0].Join("red");
        room.Sockets[0].Join("blue");
        room.Sockets[1].Join("blue");
        room.Sockets[2].Join("red");
        io.To("red").To("blue").Except(room.Sockets[2].Id).Emit("first");
        io.Except("blue").Emit("second");
        io.Emit("last");
        (await room.UntilLastAsync(0)).ShouldBe(["42[\"first\"]"]);
        (await room.UntilLastAsync(1)).ShouldBe(["42[\"first\"]"]);
        (await room.UntilLastAsync(2)).ShouldBe(["42[\"second\"]"]);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Sockets_are_found_moved_and_sent_away(string transport)
    {
        await using var room = await ThreeAsync(transport);
        var io = room.Server.IO.Default;
        io.To(room.Sockets[0].Id).To(room.Sockets[1].Id).SocketsJoin("moved");
        io.To(room.Sockets[1].Id).SocketsLeave("moved");
        (await io.To("moved").FetchSocketsAsync(room.Limit)).Select(static s => s.Id).ShouldBe([room.Sockets[0].Id]);
        (await io.Everyone.FetchSocketsAsync(room.Limit)).Count.ShouldBe(3);
        // What is sent before goes out before.
        io.To("moved").Emit("goodbye");
        io.To("moved").DisconnectSockets();
        (await room.Clients[0].ReceiveAsync(room.Limit)).ShouldBe("42[\"goodbye\"]");
        (await room.Clients[0].ReceiveAsync(room.Limit)).ShouldBe("41");
        io.To(room.Sockets[1].Id).DisconnectSockets(close: true);
        await room.Clients[1].ExpectClosedAsync(room.Limit);
        io.Emit("last");
        (await room.UntilLastAsync(2)).ShouldBeEmpty();
        io.Sockets.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Answers_to_a_broadcast_are_collected_and_missing_ones_are_told(string transport)
    {
        await using var room = await ThreeAsync(transport);
        var io = room.Server.IO.Default;
        var complete = io.Everyone.EmitWithAckAsync("question", [5], Patience, room.Limit);
        for (int i = 0; i < 3; i++) await AnswerAsync(i, $"[{i}]");
        var result = await complete;
        (result.IsComplete, result.Expected).ShouldBe((true, 3));
        result.Answers.Select(static a => a.Get<int>(0)).Order().ShouldBe([0, 1, 2]);

        var partial = io.Everyone.EmitWithAckAsync("question", [6], TimeSpan.FromSeconds(1), room.Limit);
        await AnswerAsync(1, "[1]");
        result = await partial;
        (result.IsComplete, result.Expected, result.Answers.Count).ShouldBe((false, 3, 1));
        result.Answers[0].Socket.ShouldBe(room.Sockets[1]);

        var single = room.Sockets[2].EmitWithAckAsync("question", [7], TimeSpan.FromMilliseconds(200), room.Limit);
        (await single).Status.ShouldBe(AckStatus.TimedOut);

        async Task AnswerAsync(int client, string args)
        {
            string asked = (string)(await room.Clients[client].ReceiveAsync(room.Limit))!;
            asked.ShouldEndWith("]");
            await room.Clients[client].SendAsync(room.Limit, "43" + asked[2..asked.IndexOf('[', StringComparison.Ordinal)] + args);
        }
    }

    [Fact]
    public async Task Volatile_event_is_dropped_when_no_poll_is_open()
    {
        await using var room = await ThreeAsync("polling");
        room.Server.IO.Default.Volatile.Emit("dropped");
        room.Server.IO.Default.Emit("last");
        (await room.UntilLastAsync(0)).ShouldBeEmpty();
    }

    private static async Task<Room> ThreeAsync(string transport)
    {
        var room = new Room(await TestServer.StartAsync());
        for (int i = 0; i < 3; i++)
        {
            room.Clients.Add(await WireClient.JoinAsync(room.Server, transport, room.Limit));
            room.Sockets.Add(room.Server.IO.Default.Sockets.Single(s => !room.Sockets.Contains(s)));
        }

        return room;
    }

    private sealed class Room(TestServer server) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _limit = new(Patience);

        public TestServer Server => server;

        public List<WireClient> Clients { get; } = [];

        public List<Socket> Sockets { get; } = [];

        public CancellationToken Limit => _limit.Token;

        /// <summary>What a client got before the event <c>last</c>.</summary>
        public async Task<List<object?>> UntilLastAsync(int client)
        {
            var seen = new List<object?>();
            while (true)
            {
                object? packet = await Clients[client].ReceiveAsync(Limit);
                packet.ShouldNotBeNull();
                if (packet is "42[\"last\"]") return seen;
                seen.Add(packet);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in Clients) await client.DisposeAsync();
            await server.DisposeAsync();
            _limit.Dispose();
        }
    }
}
