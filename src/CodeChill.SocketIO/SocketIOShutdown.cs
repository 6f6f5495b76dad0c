using Microsoft.Extensions.Hosting;

namespace CodeChill.SocketIO;

/// <summary>
/// Lets the host wait for the connections to end. Kestrel waits for its requests, but a WebSocket that an event loop took over is none any more.
/// </summary>
internal sealed class SocketIOShutdown(SocketIOServer server) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await server.CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host's patience has ended; the process does so with the connections.
        }
    }
}
