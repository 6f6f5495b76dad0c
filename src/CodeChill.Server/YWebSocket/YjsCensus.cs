using System.Collections.Concurrent;
using CodeChill.Server.Auth;
using CodeChill.Server.Auth.Tokens;
using CodeChill.SocketIO;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// The y-websocket connections of this node: says what has to be said to keep them, drops the dead and the stalled, ends those whose session
/// has ended (at once on this node, within seconds when on another), and closes all when the server stops.
/// </summary>
internal sealed class YjsCensus(SessionRegistry sessions, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<YjsCensus> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, YjsConnection> _connections = new();
    private readonly FlushLane[] _lanes = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new FlushLane())];
    private int _nextLane;
    private volatile bool _stopping;

    public int Count => _connections.Count;

    public FlushLane NextLane() => _lanes[(uint)Interlocked.Increment(ref _nextLane) % (uint)_lanes.Length];

    /// <summary>Whether one more connection of this user, from this address, is one too many.</summary>
    public bool IsCrowded(string userId, System.Net.IPAddress? address)
    {
        var (ofUser, ofAddress) = (0, 0);
        foreach (var connection in _connections.Values)
        {
            ofUser += connection.Caller.UserId == userId ? 1 : 0;
            ofAddress += address is not null && address.Equals(connection.Address) ? 1 : 0;
        }

        return ofUser >= YjsLimits.ConnectionsPerUser || ofAddress >= YjsLimits.ConnectionsPerAddress;
    }

    public void Add(YjsConnection connection)
    {
        _connections[connection.Id] = connection;
        if (_stopping)
            Restart(connection);
    }

    public void Remove(YjsConnection connection) => _connections.TryRemove(connection.Id, out _);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        sessions.Ended += OnEnded;
        // Before Kestrel stops: it would wait for the open connections until its patience ends.
        lifetime.ApplicationStopping.Register(() =>
        {
            _stopping = true;
            foreach (var connection in _connections.Values)
                Restart(connection);
        });
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        sessions.Ended -= OnEnded;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(YjsLimits.CheckEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var connection in _connections.Values)
                    connection.Check();
                await CheckSessionsAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task CheckSessionsAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        foreach (var bySession in _connections.Values.GroupBy(c => c.Caller.SessionId))
        {
            try
            {
                var caller = bySession.First().Caller;
                var over = caller.SessionId is null || UnverifiedToken.IsFingerprint(caller.SessionId)
                    ? caller.ExpiresAt <= now
                    : await sessions.FindAsync(caller.SessionId, cancel) is not { IsEnded: false };
                if (over)
                    bySession.ToList().ForEach(End);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                logger.LogDebug(failure, "A session could not be checked");
            }
        }
    }

    private void OnEnded(SessionsEnded ended)
    {
        foreach (var connection in _connections.Values)
        {
            if (ended.Covers(connection.Caller))
                End(connection);
        }
    }

    private static void End(YjsConnection connection) => connection.Close(YjsCloseCodes.BadToken, "Session ended");

    private static void Restart(YjsConnection connection) => connection.Close(YjsCloseCodes.Restart, "The server restarts");
}
