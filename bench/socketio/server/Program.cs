// The .NET servers of the bench; which one is the first argument, the port the second.
//   ours      CodeChill.SocketIO as an application uses it: the event's object is decoded and encoded again
//   relay     the same with Yjs updates in binary attachments
//   upgrade   the floor: an upgraded Kestrel stream, frames built once per event and coalesced per connection, no protocol at all
//   ours-kestrel  the same on Kestrel's own transport
//   signalr   SignalR with its JSON protocol
using CodeChill.SocketIO.Bench;

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{args[1]}");
Action<WebApplication> map = args[0] switch
{
    "ours" => OursServer.Add(builder, loops: true),
    "ours-kestrel" => OursServer.Add(builder, loops: false),
    "relay" => OursServer.AddRelay(builder),
    "upgrade" => UpgradeServer.Add(),
    "signalr" => SignalRServer.Add(builder),
    _ => throw new ArgumentException($"There is no server {args[0]}."),
};
var app = builder.Build();
map(app);
await app.StartAsync();
Console.WriteLine("ready");
await app.WaitForShutdownAsync();
