using System.Net;
using System.Net.Sockets;
using CodeChill.Server.Auth;
using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Chat;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Judge0;
using CodeChill.Server.Executions.Sessions;
using CodeChill.Server.Platform;
using CodeChill.SocketIO;
using Orleans.Configuration;

namespace CodeChill.Server.Rooms;

/// <summary>Wires rooms and all that happens in them: the log, the silo that hosts the grains, the Socket.IO server.</summary>
internal static class RoomsSetup
{
    public static void AddRooms(this WebApplicationBuilder builder)
    {
        builder.Services
            .AddSingleton(RoomOptions.Read(builder.Settings()))
            .AddSingleton<RoomStore>()
            .AddSingleton<PasswordTryStore>()
            .AddSingleton<DocumentStore>()
            .AddSingleton<ChatStore>()
            .AddSingleton<RoomRelays>()
            .AddSingleton<SocketEvents>()
            .AddSingleton<SocketLimits>()
            .AddSingleton<RoomEvents>()
            .AddSingleton<DocumentEvents>()
            .AddSingleton<ChatEvents>()
            .AddSingleton<UpdateLog>()
            .AddRunner(builder.Options<Judge0Options>())
            .AddExecutions(builder.Settings())
            .AddSingleton<SocketCensus>();
        YWebSocket.YjsEndpoint.Add(builder.Services);

        // Hosted services stop in reverse: sockets and runs first, then the silo with its grains, the log last of all.
        builder.Services.AddHostedService(services => services.GetRequiredService<UpdateLog>());
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort: FreePort(), gatewayPort: 0);
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(90));
            silo.Configure<GrainCollectionOptions>(collection =>
            {
                collection.CollectionAge = TimeSpan.FromMinutes(5);
                collection.CollectionQuantum = TimeSpan.FromMinutes(1);
            });
        });
        builder.Services.AddHostedService(services => (BackgroundService)services.GetRequiredService<IRunner>());
        builder.Services.AddHostedService(services => services.GetRequiredService<RecordKeeper>());
        builder.Services.AddHostedService(services => services.GetRequiredService<ExecutionQueue>());
        builder.Services.AddHostedService(services => services.GetRequiredService<SessionHost>());
        builder.Services.AddHostedService(services => services.GetRequiredService<SocketCensus>());
        builder.Services.AddHostedService(services => services.GetRequiredService<YWebSocket.YjsCensus>());

        var cors = builder.Options<CorsOptions>();
        builder.Services.AddSocketIO(socketIO =>
        {
            Json.Configure(socketIO.Json);
            foreach (var origin in cors.AnyOrigin ? ["*"] : cors.Origins)
                socketIO.AllowedOrigins.Add(origin);
            socketIO.AllowCredentials = !cors.AnyOrigin;
            // A whole text of 100,000 characters may be 600 KB of JSON when a client escapes every character.
            socketIO.MaxPayloadBytes = 1_000_000;
        });
    }

    public static void MapRooms(this WebApplication app)
    {
        app.MapRoomRoutes();
        app.MapParticipants();
        app.MapChat();
        app.MapExecutions();
        app.MapSocketIO("/socket.io");
        YWebSocket.YjsEndpoint.Map(app);

        var sockets = app.Services.GetRequiredService<SocketIOServer>().Default;
        var tokens = app.Services.GetRequiredService<TokenValidator>();
        var census = app.Services.GetRequiredService<SocketCensus>();
        sockets.Use(async (socket, cancel) =>
        {
            var auth = socket.Handshake.Auth;
            var token = auth.ValueKind == System.Text.Json.JsonValueKind.Object && auth.TryGetProperty("token", out var value)
                && value.ValueKind == System.Text.Json.JsonValueKind.String ? value.GetString() : null;
            var caller = await tokens.ValidateAsync(token, cancel);
            if (caller.Error is { } error)
                throw Refused(error);
            if (census.IsCrowded(caller.Value!.UserId, socket.Handshake.Address))
                throw Refused(PlatformErrors.RateLimited);
            socket.State = new SocketSession(caller.Value);
        });

        var rooms = app.Services.GetRequiredService<RoomEvents>();
        var documents = app.Services.GetRequiredService<DocumentEvents>();
        var chat = app.Services.GetRequiredService<ChatEvents>();
        var executions = app.Services.GetRequiredService<ExecutionsSetup.Events>();
        sockets.OnConnection(socket =>
        {
            rooms.Register(socket);
            documents.Register(socket);
            chat.Register(socket);
            executions.Register(socket);
            census.Add(socket);
            Instruments.Connected();
            socket.Emit("connected", new { message = "Connected successfully", user_id = ((SocketSession)socket.State!).Caller.UserId });
            return ValueTask.CompletedTask;
        });
    }

    private static ConnectErrorException Refused(Error error)
    {
        Instruments.Rejected("connect", error.Code);
        return new ConnectErrorException(error.Message, new { code = error.Code, retry = error.Retry });
    }

    /// <summary>One node needs no fixed port for its silo, and two servers on one machine must not want the same.</summary>
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
