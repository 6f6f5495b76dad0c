using Microsoft.AspNetCore.SignalR;

namespace CodeChill.SocketIO.Bench;

internal static class SignalRServer
{
    public static Action<WebApplication> Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSignalR();
        return static app => app.MapHub<RoomHub>("/hub");
    }
}

internal sealed class RoomHub : Hub
{
    public Task JoinRoom(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    public Task CodeChange(string room, string code, string v) => Clients.OthersInGroup(room).SendAsync("CodeUpdated", room, code, v);
}
