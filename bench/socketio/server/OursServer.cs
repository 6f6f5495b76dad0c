using System.Text.Json.Serialization;
using CodeChill.SocketIO;

namespace CodeChill.SocketIO.Bench;

internal static class OursServer
{
    public static Action<WebApplication> Add(WebApplicationBuilder builder, bool loops)
    {
        if (loops) builder.WebHost.UseSocketIOTransport();
        builder.Services.AddSocketIO();
        return static app =>
        {
            app.MapSocketIO();
            app.Services.GetRequiredService<SocketIOServer>().Default.OnConnection(OnConnection);
        };
    }

    private static void OnConnection(Socket socket)
    {
        socket.On("join_room", static ev =>
        {
            var join = ev.Get<Join>(0)!;
            ev.Socket.Join(join.Room);
            ev.Socket.Emit("room_joined", join);
        });
        socket.On("code_change", static ev =>
        {
            var change = ev.Get<Change>(0)!;
            ev.Socket.To(change.Room).Emit("code_updated", change);
        });
    }

    /// <summary>Yjs updates as binary attachments, passed on as they came.</summary>
    public static Action<WebApplication> AddRelay(WebApplicationBuilder builder)
    {
        builder.WebHost.UseSocketIOTransport();
        builder.Services.AddSocketIO();
        return static app =>
        {
            app.MapSocketIO();
            app.Services.GetRequiredService<SocketIOServer>().Default.OnConnection(static socket =>
            {
                socket.On("join_room", static ev =>
                {
                    var join = ev.Get<JoinDocument>(0)!;
                    ev.Socket.Join(join.RoomId);
                    ev.Socket.Emit("room_joined", join);
                });
                socket.On("doc_update", static ev => ev.Socket.To(ev.Get<JoinDocument>(0)!.RoomId).Emit("doc_update", ev.Arguments));
            });
        };
    }

    private sealed record JoinDocument([property: JsonPropertyName("room_id")] string RoomId);

    private sealed record Join(string Room, string User);

    private sealed record Change(string Room, string Code, string User, string V);
}
