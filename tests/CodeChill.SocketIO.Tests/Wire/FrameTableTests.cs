using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Wire;

/// <summary>What closes a connection and what doesn't, after a namespace is joined, on both transports.</summary>
public sealed class FrameTableTests(FrameTableTests.Host host) : IClassFixture<FrameTableTests.Host>
{
    private static readonly byte[] Blob = [1, 2, 3];
    private readonly TestServer _server = host.Server;

    public static TheoryData<string, string, object[]> Closing() => Rows(
        ("unknown packet type", ["47"]),
        ("unknown packet type, letter", ["4x"]),
        ("object for arguments", ["42{}"]),
        ("no event name", ["42[]"]),
        ("event name an object", ["42[{}]"]),
        ("event name null", ["42[null]"]),
        ("event name a bool", ["42[true]"]),
        ("event name an array", ["42[[\"x\"]]"]),
        ("reserved: connect", ["42[\"connect\"]"]),
        ("reserved: connect_error", ["42[\"connect_error\"]"]),
        ("reserved: disconnect", ["42[\"disconnect\"]"]),
        ("reserved: disconnecting", ["42[\"disconnecting\"]"]),
        ("reserved: newListener", ["42[\"newListener\"]"]),
        ("reserved: removeListener", ["42[\"removeListener\"]"]),
        ("reserved, escaped", ["42[\"\\u0063onnect\"]"]),
        ("bad JSON", ["42[\"echo\",]"]),
        ("unterminated JSON", ["42[\"echo\""]),
        ("JSON with comment", ["42[\"echo\"/**/]"]),
        ("two JSON values", ["42[\"echo\"][\"echo\"]"]),
        ("number where arguments belong", ["42\"echo\""]),
        ("DISCONNECT with payload", ["41{}"]),
        ("CONNECT payload array", ["40/a,[]"]),
        ("CONNECT payload string", ["40/a,\"x\""]),
        ("CONNECT payload null", ["40/a,null"]),
        ("CONNECT payload two objects", ["40/a,{}{}"]),
        ("second CONNECT", ["40"]),
        ("second CONNECT with payload", ["40{}"]),
        ("namespace not joined", ["42/a,[\"echo\"]"]),
        ("namespace not joined, ack", ["43/a,1[]"]),
        ("namespace not joined, disconnect", ["41/a,"]),
        ("CONNECT_ERROR from a client", ["44{\"message\":\"x\"}"]),
        ("client ping", ["2"]),
        ("client probe", ["2probe"]),
        ("message without packet", ["4"]),
        ("unknown engine packet", ["7"]),
        ("unknown engine packet, letter", ["abc"]),
        ("binary without header", [Blob]),
        ("text while attachments are awaited", ["451-[\"echo\",{\"_placeholder\":true,\"num\":0}]", "42[\"echo\"]"]),
        ("attachments 0", ["450-[\"echo\"]"]),
        ("attachments negative", ["45-1-[\"echo\"]"]),
        ("attachments fractional", ["451.5-[\"echo\"]"]),
        ("attachments without dash", ["451[\"echo\"]"]),
        ("attachments without number", ["45-[\"echo\"]"]),
        ("attachments 11", ["4511-[\"echo\"]"]),
        ("attachments 10^9", ["451000000000-[\"echo\"]"]),
        ("attachments, nothing after", ["451-"]),
        ("placeholder out of range", ["451-[\"echo\",{\"_placeholder\":true,\"num\":1}]", Blob]),
        ("placeholder negative", ["451-[\"echo\",{\"_placeholder\":true,\"num\":-1}]", Blob]),
        ("placeholder not a number", ["451-[\"echo\",{\"_placeholder\":true,\"num\":\"splice\"}]", Blob]),
        ("placeholder without number", ["451-[\"echo\",{\"_placeholder\":true}]", Blob]),
        ("placeholder nested, out of range", ["451-[\"echo\",{\"a\":[{\"num\":9,\"_placeholder\":true}]}]", Blob]),
        ("ack without arguments object", ["431{}"]),
        ("ack id over 15 digits", ["421234567890123456[\"echo\"]"]),
        ("ack id of 400 digits", ["42" + new string('9', 400) + "[\"echo\"]"]),
        ("65 levels", ["42[\"echo\"," + new string('[', 65) + new string(']', 65) + "]"]),
        ("10,000 levels", ["42[\"echo\"," + new string('[', 10_000) + new string(']', 10_000) + "]"]),
        ("namespace of 64 KB", ["40/" + new string('n', 65_536) + ","]));

    public static TheoryData<string, string, object[]> Open() => Rows(
        ("unknown ack id", ["43999[]"]),
        ("ack never asked for, binary", ["461-5[{\"_placeholder\":true,\"num\":0}]", Blob]),
        ("event error", ["42[\"error\",\"x\"]"]),
        ("event __proto__", ["42[\"__proto__\",{}]"]),
        ("event constructor", ["42[\"constructor\"]"]),
        ("numeric event name", ["42[1,\"x\"]"]),
        ("event without payload", ["42"]),
        ("event without handler", ["42[\"nobody\",1]"]),
        ("pong unasked", ["3"]),
        ("pong between header and attachment", ["451-[\"nobody\",{\"_placeholder\":true,\"num\":0}]", "3", Blob]),
        ("open, upgrade and noop from the client", ["0", "5", "6"]),
        ("open with data", ["0{}"]),
        ("handler that throws", ["42[\"throw\"]"]),
        ("64 levels", ["42[\"nobody\"," + new string('[', 63) + new string(']', 63) + "]"]),
        ("unknown namespace", ["40/unknown,"]),
        ("unknown namespace with NUL", ["40/un\0known,"]),
        ("lone surrogate name", ["42[\"\\ud800\"]"]),
        ("placeholder in a plain event", ["42[\"nobody\",{\"_placeholder\":true,\"num\":5}]"]),
        ("ten attachments", ["4510-[\"nobody\"]", Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob]),
        ("leaving and joining at once", ["40/a,", "41/a,", "40/a,"]));

    [Theory]
    [MemberData(nameof(Closing))]
    public async Task Frame_closes(string transport, string what, object[] packets)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var bystander = await WireClient.JoinAsync(_server, transport, limit.Token);
        await using var client = await WireClient.JoinAsync(_server, transport, limit.Token);
        await client.SendAsync(limit.Token, packets);
        using var second = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Should.NotThrowAsync(() => client.ExpectClosedAsync(second.Token), what);
        await bystander.ExpectOpenAsync(limit.Token);
        _server.Errors.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Open))]
    public async Task Frame_leaves_open(string transport, string what, object[] packets)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var client = await WireClient.JoinAsync(_server, transport, limit.Token);
        await client.SendAsync(limit.Token, packets);
        await Should.NotThrowAsync(() => client.ExpectOpenAsync(limit.Token), what);
        if (what == "handler that throws") _server.Errors.TryDequeue(out _).ShouldBeTrue();
        else _server.Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Escapes_and_unicode_pass_unchanged(string transport)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var client = await WireClient.JoinAsync(_server, transport, limit.Token);
        string[] arguments = ["\"\\ud800\"", "\"\u2028\"", "\"\U0001F600\"", "1e400", "12345678901234567890", "\"</script>&'\"", "{ \"a\" : 1 }"];
        foreach (string argument in arguments)
        {
            await client.SendAsync(limit.Token, $"42[\"echo\",{argument}]", $"42[\"raw\",{argument}]");
            (await client.ReceiveAsync(limit.Token)).ShouldBe($"42[\"echo-back\",{argument}]");
            (await client.ReceiveAsync(limit.Token)).ShouldBe($"42[\"raw-back\",{argument}]");
        }
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("polling")]
    public async Task Refusal_of_an_unknown_namespace_is_exact(string transport)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var client = await WireClient.JoinAsync(_server, transport, limit.Token);
        await client.SendAsync(limit.Token, "40/unknown,{\"x\":1}");
        (await client.ReceiveAsync(limit.Token)).ShouldBe("44/unknown,{\"message\":\"Invalid namespace\"}");
    }

    private static TheoryData<string, string, object[]> Rows(params (string What, object[] Packets)[] rows)
    {
        var data = new TheoryData<string, string, object[]>();
        foreach (string transport in (string[])["websocket", "polling"])
        {
            foreach (var (what, packets) in rows) data.Add(transport, what, packets);
        }

        return data;
    }

    public sealed class Host : IAsyncLifetime
    {
        public TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(use: static io =>
        {
            io.Of("/a").OnConnection(static _ => { });
            io.Default.OnConnection(static socket =>
            {
                socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments));
                socket.On("raw", static ev => ev.Socket.Emit("raw-back", ev.GetElement(0)));
                socket.On("throw", static ev => throw new InvalidOperationException("handler"));
                socket.OnAny(static ev =>
                {
                    ev.Socket.State = ev.Name;
                    return ValueTask.CompletedTask;
                });
            });
        });

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
