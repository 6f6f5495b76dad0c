using CodeChill.SocketIO;
using CodeChill.SocketIO.Adapters;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.EventLoop;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registration and routing of Socket.IO servers.</summary>
public static class SocketIOExtensions
{
    /// <summary>
    /// Registers <see cref="SocketIOServer"/> as a singleton. The host's stop waits until its connections are closed, within the host's shutdown timeout.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options.</param>
    public static IServiceCollection AddSocketIO(this IServiceCollection services, Action<SocketIOOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<SocketIOOptions>();
        if (configure is not null) services.Configure(configure);
        services.AddSingleton(static provider => new SocketIOServer(
            provider.GetRequiredService<IOptions<SocketIOOptions>>(),
            provider.GetService<TimeProvider>(),
            provider.GetService<ILogger<SocketIOServer>>(),
            provider.GetService<IHostApplicationLifetime>()));
        return services.AddHostedService<SocketIOShutdown>();
    }

    /// <summary>
    /// Connects the server to others through Redis, in the classic protocol of <c>@socket.io/redis-adapter</c>. The host's start waits for the
    /// subscriptions; a lost connection is opened again in the background.
    /// </summary>
    /// <param name="services">The services, <c>AddSocketIO</c> among them.</param>
    /// <param name="configure">Sets options.</param>
    public static IServiceCollection AddSocketIORedis(this IServiceCollection services, Action<SocketIORedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<SocketIORedisOptions>();
        if (configure is not null) services.Configure(configure);
        return services.AddHostedService<RedisClusterService>();
    }

    /// <summary>
    /// Lets event loops carry the server's IP connections (Linux; elsewhere nothing changes). HTTP is served as ever; a WebSocket of this library is
    /// taken over by its loop, where it costs a third of the memory and of the processor time. Event handlers then run on
    /// a loop's thread up to their first <c>await</c> that has to wait: they must not block, as others share the thread. WebSockets over TLS
    /// that the server itself ends are served as without.
    /// </summary>
    /// <param name="web">The web host.</param>
    public static IWebHostBuilder UseSocketIOTransport(this IWebHostBuilder web)
    {
        ArgumentNullException.ThrowIfNull(web);
        return web.ConfigureServices(static services => services.AddSingleton<IConnectionListenerFactory>(
            static provider => new LoopTransportFactory(provider.GetService<IMemoryPoolFactory<byte>>())));
    }

    /// <summary>
    /// Serves Socket.IO under <paramref name="path"/> with a trailing slash, both transports. No WebSocket middleware is needed.
    /// </summary>
    /// <param name="endpoints">Where to add the route.</param>
    /// <param name="path">Path without the trailing slash; clients use <c>/socket.io</c> unless told otherwise.</param>
    /// <exception cref="InvalidOperationException">An option is out of range; the message names it.</exception>
    public static IEndpointConventionBuilder MapSocketIO(this IEndpointRouteBuilder endpoints, string path = "/socket.io")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var server = endpoints.ServiceProvider.GetRequiredService<SocketIOServer>();
        return endpoints.Map(path.TrimEnd('/') + "/", server.Engine.HandleAsync);
    }

    /// <summary>
    /// Serves bare Engine.IO (no namespaces, events or acknowledgements) under <paramref name="path"/> with a trailing slash.
    /// </summary>
    /// <param name="endpoints">Where to add the route.</param>
    /// <param name="path">Path without the trailing slash.</param>
    /// <param name="onConnection">Called for each new connection, before its first message is read.</param>
    /// <param name="configure">Sets options; those about namespaces and arguments have no effect.</param>
    /// <exception cref="InvalidOperationException">An option is out of range; the message names it.</exception>
    public static IEndpointConventionBuilder MapEngineIO(
        this IEndpointRouteBuilder endpoints, string path, Action<EngineSocket> onConnection, Action<SocketIOOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(onConnection);
        var options = new SocketIOOptions();
        configure?.Invoke(options);
        var provider = endpoints.ServiceProvider;
        var log = new EngineLog(provider.GetRequiredService<ILogger<SocketIOServer>>());
        var engine = new EngineServer(
            options, provider.GetService<TimeProvider>() ?? TimeProvider.System, log, (server, http) => new EngineSocket.Session(server, onConnection));
        provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(() => _ = engine.CloseAsync());
        return endpoints.Map(path.TrimEnd('/') + "/", engine.HandleAsync);
    }
}
