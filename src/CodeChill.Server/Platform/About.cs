namespace CodeChill.Server.Platform;

/// <summary><c>GET /api</c>: what this server is and where things are.</summary>
internal static class About
{
    private static readonly string[] Features = ["real-time collaboration", "rooms", "chat", "code execution", "profiles", "accounts"];

    public static void MapAbout(this WebApplication app)
        => app.MapGet("/api", () => Replies.Ok(new
        {
            Name = "CodeChill",
            Health.Version,
            Description = "Real-time collaborative coding: shared text, chat and running code in rooms",
            Endpoints = new
            {
                Auth = "/api/auth",
                Users = "/api/users",
                Rooms = "/api/rooms",
                Chat = "/api/chat",
                Execution = "/api/execution",
                Socket = "/socket.io",
                Health = "/health",
            },
            Features,
        }));
}
