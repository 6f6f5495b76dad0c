using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// <c>/yjs/{room_id}?token=…</c>: the plain y-websocket protocol, for editors with the npm <c>y-websocket</c> provider. Whoever may join the
/// room with <c>join_room</c> without a password may join here. Browsers cannot read the status of a refused WebSocket, so refusals other than
/// of the origin are said as messages: "permission denied" with the reason, then a close code.
/// </summary>
internal sealed class YjsEndpoint(
    TokenValidator tokens,
    YjsCensus census,
    RoomRelays relays,
    SocketLimits limits,
    CorsOptions cors,
    IGrainFactory grains,
    TimeProvider clock,
    ILogger<YjsEndpoint> logger)
{
    private static readonly Error UpgradeRequired = new("yjs.upgrade_required", 426, "This is a WebSocket endpoint");
    private static readonly Error ForeignOrigin = new("yjs.foreign_origin", 403, "Origin not allowed");

    public static void Add(IServiceCollection services)
        => services.AddSingleton<YjsCensus>().AddSingleton<YjsEndpoint>();

    public static void Map(IEndpointRouteBuilder app)
        => app.Map("/yjs/{id}", (string id, HttpContext http, YjsEndpoint endpoint) => endpoint.ServeAsync(id, http));

    private async Task ServeAsync(string id, HttpContext http)
    {
        if (!IsAllowed(http.Request))
        {
            await Replies.WriteAsync(http, ForeignOrigin);
            return;
        }

        if (!WebSocketUpgrade.IsHandshake(http))
        {
            http.Response.Headers.Upgrade = "websocket";
            await Replies.WriteAsync(http, UpgradeRequired);
            return;
        }

        var token = http.Request.Query["token"];
        var caller = await tokens.ValidateAsync(token.Count == 1 ? token[0] : null, http.RequestAborted);
        var transport = await WebSocketUpgrade.AcceptAsync(http);
        var known = caller.Value ?? new Auth.Caller("", "", null, null, default, false);
        using var connection = new YjsConnection(Ids.New(clock), known, http.Connection.RemoteIpAddress, transport, census.NextLane(), clock);
        if (caller.Error is { } unknown)
            await DenyAsync(connection, unknown.Status < 500 ? YjsCloseCodes.BadToken : YjsCloseCodes.TryAgain, unknown.Message);
        else if (Ids.Canonical(id) is not { } roomId)
            await DenyAsync(connection, YjsCloseCodes.NoRoom, RoomErrors.NotFound.Message);
        else if (census.IsCrowded(known.UserId, connection.Address))
            await DenyAsync(connection, YjsCloseCodes.TryAgain, RoomErrors.TooManySockets.Message);
        else
            await JoinAsync(connection, roomId);
    }

    private async Task JoinAsync(YjsConnection connection, string roomId)
    {
        var identity = new SocketIdentity(connection.Id, connection.Caller.UserId, connection.Caller.Name, connection.Caller.Picture);
        using var lease = relays.Take(roomId);
        var relay = lease.Relay;
        using var session = new YjsSession(connection, relay, grains, limits, clock, logger);
        census.Add(connection);
        relay.Expect(connection, identity);
        try
        {
            var joined = await AttachAsync(identity, relay);
            if (joined is { } error)
            {
                await DenyAsync(connection, error.Status switch { 403 => YjsCloseCodes.NoAccess, 404 => YjsCloseCodes.NoRoom, _ => YjsCloseCodes.TryAgain }, error.Message);
                return;
            }

            await connection.ReadAsync(session.OnMessageAsync);
        }
        finally
        {
            census.Remove(connection);
            await LeaveAsync(connection, relay);
        }
    }

    private async Task<Error?> AttachAsync(SocketIdentity identity, RoomRelay relay)
    {
        try
        {
            return (await grains.GetGrain<IRoomGrain>(relay.RoomId).AttachYjsAsync(identity, relay.Reference!)).Error;
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "Room {RoomId} could not be joined", relay.RoomId);
            return PlatformErrors.Unavailable;
        }
    }

    private async Task LeaveAsync(YjsConnection connection, RoomRelay relay)
    {
        try
        {
            var left = await grains.GetGrain<IRoomGrain>(relay.RoomId).DetachAsync(connection.Id, tellSocket: false);
            if (left.Value is { } reply)
                await relay.ReachedAsync(reply.Mark);
        }
        catch (Exception failure)
        {
            logger.LogDebug(failure, "Room {RoomId} was not told that connection {ConnectionId} is over", relay.RoomId, connection.Id);
        }

        relay.Drop(connection);
    }

    private static Task DenyAsync(YjsConnection connection, int code, string reason)
    {
        // Whoever is turned away need not have said anything yet.
        connection.Begin(direct: false);
        connection.Send(YjsFrames.Denied(reason));
        connection.Close(code, reason);
        return connection.ReadAsync(_ => ValueTask.CompletedTask);
    }

    /// <summary>A page of another site must not act for the user whose token it got hold of; programs send no origin.</summary>
    private bool IsAllowed(HttpRequest request)
    {
        var origins = request.Headers.Origin;
        if (origins.Count == 0)
            return true;
        if (origins is not [{ Length: > 0 } origin])
            return false;
        return cors.Allows(origin)
            || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Scheme is "http" or "https"
                && page.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase)
                && (request.Host.Port is { } port ? page.Port == port : page.IsDefaultPort));
    }
}
