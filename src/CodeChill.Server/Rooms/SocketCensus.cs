using System.Collections.Concurrent;
using CodeChill.Server.Auth;
using CodeChill.Server.Storage;
using CodeChill.SocketIO;
using Dapper;

namespace CodeChill.Server.Rooms;

/// <summary>
/// Knows every connected socket of this node and ends those whose right to be here has ended: at once when their session is ended on this
/// node, within a few seconds when on another one or when a provider's token runs out. Own sessions outlive their access tokens: the
/// session is what counts. Also closes all sockets when the server stops, before anything they need is gone.
/// </summary>
internal sealed class SocketCensus(
    SocketIOServer server,
    SessionRegistry sessions,
    Accounts accounts,
    Database database,
    IGrainFactory grains,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILogger<SocketCensus> logger) : BackgroundService
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Socket> _sockets = new();

    /// <summary>Whether one more socket of this user, from this address, is one too many.</summary>
    public bool IsCrowded(string userId, System.Net.IPAddress? address)
    {
        var (ofUser, ofAddress) = (0, 0);
        foreach (var socket in _sockets.Values)
        {
            if (((SocketSession)socket.State!).Caller.UserId == userId)
                ofUser++;
            if (address is not null && address.Equals(socket.Handshake.Address))
                ofAddress++;
        }

        return ofUser >= SocketLimits.SocketsPerUser || ofAddress >= SocketLimits.SocketsPerAddress;
    }

    public void Add(Socket socket)
    {
        _sockets[socket.Id] = socket;
        socket.OnDisconnect(_ =>
        {
            _sockets.TryRemove(socket.Id, out var _);
            return ValueTask.CompletedTask;
        });
        if (!socket.Connected)
            _sockets.TryRemove(socket.Id, out var _);
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        sessions.Ended += OnEnded;
        accounts.Deleted += OnDeleted;
        // Before Kestrel stops: it would wait for the open sockets until its patience ends.
        lifetime.ApplicationStopping.Register(() => _ = CloseAsync());
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        sessions.Ended -= OnEnded;
        accounts.Deleted -= OnDeleted;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(CheckEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.GetAwaiter().GetResult(), TaskScheduler.Default))
        {
            try
            {
                await CheckAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.LogDebug(failure, "Sessions could not be checked");
            }
        }
    }

    private async Task CheckAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        foreach (var bySession in _sockets.Values.GroupBy(s => ((SocketSession)s.State!).Caller.SessionId))
        {
            var caller = ((SocketSession)bySession.First().State!).Caller;
            var over = caller.SessionId is null || Auth.Tokens.UnverifiedToken.IsFingerprint(caller.SessionId)
                ? caller.ExpiresAt <= now
                : await sessions.FindAsync(caller.SessionId, cancel) is not { IsEnded: false };
            if (!over)
                continue;
            foreach (var socket in bySession)
                End(socket);
        }
    }

    private void OnEnded(SessionsEnded ended)
    {
        foreach (var socket in _sockets.Values.Where(s => ended.Covers(((SocketSession)s.State!).Caller)))
            End(socket);
    }

    private static void End(Socket socket)
    {
        socket.Emit("error", new { message = "Session ended", code = "auth.session_ended" });
        socket.Disconnect(close: true);
    }

    private void OnDeleted(string userId) => _ = ForgetAsync(userId);

    private async Task ForgetAsync(string userId)
    {
        try
        {
            var rooms = await database.ReadAsync(connection => connection.QueryAsync<string>(
                "SELECT p.room_id FROM participants p JOIN rooms r ON r.id = p.room_id WHERE p.user_id = @userId AND r.is_active = 1", new { userId }));
            foreach (var room in rooms)
                await grains.GetGrain<IRoomGrain>(room).ForgetUserAsync(userId);
        }
        catch (Exception failure)
        {
            logger.LogError(failure, "A deleted account's rooms were not all told");
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(CloseWithin, clock);
            await server.CloseAsync(patience.Token);
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "Not every socket closed in time");
        }
    }
}
