using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>A real server on a loopback port: Kestrel, the library, and what it logged at Error.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, ConcurrentQueue<string> errors)
    {
        _app = app;
        Errors = errors;
        Url = app.Urls.First();
        Port = new Uri(Url).Port;
        IO = app.Services.GetRequiredService<SocketIOServer>();
    }

    public string Url { get; }

    public int Port { get; }

    public SocketIOServer IO { get; }

    public ConcurrentQueue<string> Errors { get; }

    /// <summary>A peer may see its connection end a moment before the server has put it away: waits until so many sessions and sockets are left.</summary>
    public async Task ExpectLeftAsync(CancellationToken limit, int sessions = 0, int sockets = 0)
    {
        while (IO.SessionCount != sessions || IO.SocketCount != sockets)
        {
            if (limit.IsCancellationRequested) throw new InvalidOperationException($"{IO.SessionCount} sessions and {IO.SocketCount} sockets are left, not {sessions} and {sockets}");
            await Task.Yield();
        }
    }

    /// <summary>Event loops carry the connections unless SOCKETIO_TRANSPORT=kestrel; tests of what differs name the transport themselves.</summary>
    private static readonly bool LoopsByDefault = Environment.GetEnvironmentVariable("SOCKETIO_TRANSPORT") != "kestrel";

    public static async Task<TestServer> StartAsync(
        Action<SocketIOOptions>? configure = null, Action<SocketIOServer>? use = null, Action<WebApplication>? map = null, TimeProvider? time = null,
        Action<IServiceCollection>? services = null, bool? loops = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        var errors = new ConcurrentQueue<string>();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new ErrorCollector(errors));
        if (loops ?? LoopsByDefault) builder.WebHost.UseSocketIOTransport();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Services.AddSocketIO(options =>
        {
            options.PingInterval = TimeSpan.FromSeconds(25);
            configure?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapSocketIO();
        app.MapGet("/", static () => "up");
        map?.Invoke(app);
        use?.Invoke(app.Services.GetRequiredService<SocketIOServer>());
        await app.StartAsync();
        return new TestServer(app, errors);
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The host drops what is left.
        }

        await _app.DisposeAsync();
    }

    private sealed class ErrorCollector(ConcurrentQueue<string> errors) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) errors.Enqueue(formatter(state, exception) + " " + exception);
        }

        public void Dispose()
        {
        }
    }
}
