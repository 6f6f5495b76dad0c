using System.Diagnostics.Metrics;
using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.SocketIO;

namespace CodeChill.Server.Operations;

/// <summary>Levels: read when a scrape asks, kept by nobody.</summary>
internal sealed class Gauges(SocketIOServer sockets, RoomRelays rooms, UpdateLog log, HealthReports health, IHostEnvironment environment) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(Instruments.Name, Health.Version);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("codechill.socket.sessions", () => sockets.SessionCount, "{session}", "Connections, by polling or WebSocket");
        _meter.CreateObservableGauge("codechill.socket.connected", () => sockets.SocketCount, "{socket}", "Sockets whose user is known");
        _meter.CreateObservableGauge("codechill.rooms", () => rooms.Count, "{room}", "Rooms with a socket of this node");
        _meter.CreateObservableGauge("codechill.log.backlog", () => log.BacklogBytes, "By", "Edits accepted and not yet durable");
        _meter.CreateObservableGauge("codechill.log.lag", () => log.Lag.TotalSeconds, "s", "Age of the oldest edit that is not yet durable");
        _meter.CreateObservableGauge("codechill.health", health.Levels, null, "By check as last asked: 2 healthy, 1 degraded, 0 unhealthy");
        _meter.CreateObservableGauge(
            "codechill.info",
            () => new Measurement<int>(1, new("version", Health.Version), new("environment", environment.EnvironmentName.ToLowerInvariant())),
            null,
            "Which version runs");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();
}
