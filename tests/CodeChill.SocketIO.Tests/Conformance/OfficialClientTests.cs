using System.Text.RegularExpressions;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Conformance;

/// <summary>The npm client in its three ways of connecting.</summary>
public sealed class OfficialClientTests
{
    [Theory]
    [InlineData("polling,websocket")]
    [InlineData("polling")]
    [InlineData("websocket")]
    public async Task Official_client_finds_what_it_expects(string transports)
    {
        await using var server = await TestServer.StartAsync(use: Configure);
        string output = await Node.RunAsync("client.mjs", TimeSpan.FromSeconds(60), server.Url, transports);
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        server.Errors.ShouldHaveSingleItem().ShouldContain("secret detail");
    }

    private static void Configure(SocketIOServer io)
    {
        io.Default.OnConnection(Handlers);
        io.Of("/other").OnConnection(static _ => { });
        var guarded = io.Of("/guarded");
        guarded.Use(static async (socket, ct) =>
        {
            await Task.Yield();
            string? key = socket.Handshake.Auth.GetProperty("key").GetString();
            if (key == "throw") throw new InvalidOperationException("secret detail");
            if (key != "right") throw new ConnectErrorException("not you", new { code = 7 });
        });
        io.OfMatching(new Regex("^/dynamic-[0-9]+$")).OnConnection(static socket =>
        {
            socket.On("where", static ev => ev.Ack(ev.Socket.Namespace.Name));
            return ValueTask.CompletedTask;
        });
    }

    private static void Handlers(Socket socket)
    {
        socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments));
        socket.On("n", static ev => ev.Socket.Emit("n-back", ev.Get<int>(0)));
        socket.On("sum", static ev => ev.Socket.Emit("sum-back", ev.Get<int>(0)));
        socket.On("ack", static ev => ev.Ack(ev.Arguments));
        socket.On("add", static ev => ev.Ack(ev.Get<int>(0) + ev.Get<int>(1)));
        socket.On("reverse", static ev =>
        {
            byte[] data = ev.GetBinary(0).ToArray();
            Array.Reverse(data);
            ev.Ack(data);
        });
        socket.On("dto", static ev =>
        {
            var dto = ev.Get<Dto>(0)!;
            Array.Reverse(dto.Data);
            ev.Ack(dto with { Name = dto.Name + "!" });
        });
        socket.On("ask-me", static async ev =>
        {
            var result = await ev.Socket.EmitWithAckAsync("question", [ev.Get<int>(0)], TimeSpan.FromMilliseconds(400));
            ev.Socket.Emit("asked", result.Status.ToString(), result.IsAcknowledged ? result.Get<int>(0) : 0, result.IsAcknowledged ? result.GetBinary(1).Span[0] : 0);
        });
        socket.On("handshake", static ev =>
        {
            var h = ev.Socket.Handshake;
            ev.Ack(new { auth = h.Auth, query = h.Query["x"].ToString(), header = h.Headers["x-custom"].ToString(), address = h.Address!.ToString(), secure = h.Secure });
        });
        socket.On("join", static ev =>
        {
            foreach (string room in ev.Get<string[]>(0)!) ev.Socket.Join(room);
            ev.Ack();
        });
        socket.On("say", static ev =>
        {
            ev.Socket.Broadcast.To(ev.Get<string[]>(0)!).Emit("hi");
            ev.Ack();
        });
        socket.On("kick-me", static ev => ev.Socket.Disconnect());
        socket.On("close-me", static ev => ev.Socket.Disconnect(close: true));
        socket.On("slow", static async ev =>
        {
            await Task.Yield();
            ev.Socket.To("watchers").Emit("seen", $"slow {ev.Get<int>(0)}", ev.Socket.Id);
        });
        socket.OnDisconnecting(reason => Report("disconnecting", reason));
        socket.OnDisconnect(reason => Report("disconnect", reason));

        ValueTask Report(string what, string reason)
        {
            socket.To("watchers").Emit("seen", $"{what} {reason}", socket.Id);
            return ValueTask.CompletedTask;
        }
    }

    private sealed record Dto(string Name, byte[] Data, ReadOnlyMemory<byte>[] Parts);
}
