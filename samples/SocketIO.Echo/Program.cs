// The host that the protocols' public conformance suites run against.
//   dotnet run --project samples/SocketIO.Echo -- --urls http://127.0.0.1:3000 \
//     --ping-interval 300 --ping-timeout 200 --max-payload 1000000 --connect-timeout 1000
// --event-loops false leaves the connections to Kestrel's own transport.
// /engine.io/ sends every message back unchanged. /socket.io/ has the namespaces / and /custom, no others: both emit "auth" with the
// CONNECT payload; / answers "message" with "message-back" and the same arguments, and acknowledges "message-with-ack" with its arguments.
using CodeChill.SocketIO;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
if (builder.Configuration.GetValue("event-loops", true)) builder.WebHost.UseSocketIOTransport();
builder.Services.AddSocketIO(Configure);
var app = builder.Build();

app.MapEngineIO(
    "/engine.io",
    static socket =>
    {
        socket.OnText(socket.Send);
        socket.OnBinary(socket.Send);
    },
    Configure);

app.MapSocketIO("/socket.io");
var io = app.Services.GetRequiredService<SocketIOServer>();
io.Default.OnConnection(static socket =>
{
    socket.Emit("auth", socket.Handshake.Auth);
    socket.On("message", static ev => ev.Socket.Emit("message-back", ev.Arguments));
    socket.On("message-with-ack", static ev => ev.Ack(ev.Arguments));
});
io.Of("/custom").OnConnection(static socket => socket.Emit("auth", socket.Handshake.Auth));

app.Run();

void Configure(SocketIOOptions options)
{
    options.PingInterval = Milliseconds("ping-interval", options.PingInterval);
    options.PingTimeout = Milliseconds("ping-timeout", options.PingTimeout);
    options.ConnectTimeout = Milliseconds("connect-timeout", options.ConnectTimeout);
    options.MaxPayloadBytes = builder.Configuration.GetValue("max-payload", options.MaxPayloadBytes);
}

TimeSpan Milliseconds(string key, TimeSpan otherwise) =>
    builder.Configuration.GetValue<double?>(key) is { } ms ? TimeSpan.FromMilliseconds(ms) : otherwise;
