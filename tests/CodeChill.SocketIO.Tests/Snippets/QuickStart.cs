using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace CodeChill.SocketIO.Tests.Snippets;

/// <summary>The README's first program, compiled; <see cref="ReadmeTests"/> sees to it that the two are the same.</summary>
internal static class QuickStart
{
    public static void Run(string[] args)
    {
        // begin
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.UseSocketIOTransport();               // optional: event loops carry the connections (Linux)
        builder.Services.AddSocketIO(o => o.AllowedOrigins.Add("https://app.example"));
        var app = builder.Build();
        app.MapSocketIO();                                    // /socket.io/

        var io = app.Services.GetRequiredService<SocketIOServer>();
        io.Default.Use(async (socket, ct) =>
        {
            if (!await IsValid(socket.Handshake.Auth, ct)) throw new ConnectErrorException("unauthorized", new { retry = false });
        });
        io.Default.OnConnection(socket =>
        {
            socket.On("join", ev => socket.Join(ev.Get<string>(0)!));
            socket.On("message", async ev =>
            {
                var message = ev.Get<Message>(0)!;            // decoded only now; a wrong shape is a SocketIOArgumentException
                await Save(message);
                socket.To(message.Room).Emit("message", message);   // encoded once for everybody
                ev.Ack(new { ok = true });
            });
        });
        app.Run();
        // end
    }

    private static ValueTask<bool> IsValid(JsonElement auth, CancellationToken ct) => ValueTask.FromResult(auth.ValueKind == JsonValueKind.Object && !ct.IsCancellationRequested);

    private static Task Save(Message message) => Task.FromResult(message.Text);

    internal sealed record Message(string Room, string Text);
}
