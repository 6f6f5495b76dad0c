using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CodeChill.SocketIO.Adapters;

/// <summary>Joins the cluster when the host starts and leaves it when the host has stopped.</summary>
internal sealed class RedisClusterService(SocketIOServer server, IOptions<SocketIORedisOptions> options) : IHostedService, IAsyncDisposable
{
    private readonly RedisBus _bus = new(options.Value, server.Time, server.Log);

    public Task StartAsync(CancellationToken cancellationToken) =>
        server.UseClusterAsync(_bus, options.Value.Key, options.Value.RequestTimeout, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _bus.DisposeAsync();
}
