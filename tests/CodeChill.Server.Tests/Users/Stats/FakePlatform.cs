using System.Collections.Concurrent;
using System.Text;
using CodeChill.Server.Platform;
using CodeChill.Server.Users.Stats;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Users.Stats;

/// <summary>An HTTP server whose answers a test writes, in the shapes of the real platforms; and the product's clients pointed at it.</summary>
internal sealed class FakePlatform : IAsyncDisposable
{
    private readonly WebApplication _app;
    private ServiceProvider? _clients;

    private FakePlatform(WebApplication app)
    {
        _app = app;
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync();
            Requests.Enqueue(new(http.Request.Method, http.Request.Path + http.Request.QueryString, body, http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            await Answer(http);
        });
    }

    public sealed record Request(string Method, string Path, string Body, IReadOnlyDictionary<string, string> Headers);

    public Uri Url { get; private set; } = null!;

    public Func<HttpContext, Task> Answer { get; set; } = http => WriteAsync(http, 404, "{}");

    public ConcurrentQueue<Request> Requests { get; } = new();

    public FakeTimeProvider? Clock { get; private init; }

    public static async Task<FakePlatform> StartAsync(FakeTimeProvider? clock = null, string? token = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var fake = new FakePlatform(builder.Build()) { Clock = clock };
        await fake._app.StartAsync();
        fake.Url = new Uri(fake._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/api/");
        var services = new ServiceCollection().AddLogging(log => log.ClearProviders()).AddSingleton<TimeProvider>(clock ?? TimeProvider.System);
        services.AddStats(new StatsOptions
        {
            GitHubUrl = fake.Url,
            GitHubToken = token,
            LeetCodeUrl = fake.Url,
            CodeforcesUrl = fake.Url,
            CodeforcesSpacing = TimeSpan.Zero,
            RetryPause = TimeSpan.FromMilliseconds(1),
        });
        fake._clients = services.BuildServiceProvider();
        return fake;
    }

    public T Get<T>()
        where T : notnull
        => _clients!.GetRequiredService<T>();

    public PlatformQuota Quota(StatsPlatform platform) => _clients!.GetRequiredKeyedService<PlatformQuota>(platform.Key());

    public static async Task WriteAsync(HttpContext http, int status, string body, string type = "application/json; charset=utf-8")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body, Encoding.UTF8);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_clients is not null)
            await _clients.DisposeAsync();
    }
}
