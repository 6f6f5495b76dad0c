using System.Net;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// One platform's HTTP client, from the outside in: repeats what may pass (twice, with growing and random pauses), keeps the platform's quota,
/// stops asking for a while when nearly everything fails, limits the time of each request, and reads only what <see cref="OutboundGuard"/> lets through.
/// </summary>
internal static class PlatformHttp
{
    public const int AnswerBytes = 8 * 1024 * 1024;

    public static string ClientOf(StatsPlatform platform) => "stats-" + platform.Key();

    public static void AddPlatformClient(this IServiceCollection services, StatsPlatform platform, string displayName, Uri url, TimeSpan spacing, StatsOptions options)
    {
        var key = platform.Key();
        services.AddKeyedSingleton(key, (provider, _) => new PlatformQuota(displayName, spacing, provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton(key, (provider, _) => new ExternalService(key, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<ExternalService>(key));

        var http = services.AddHttpClient(ClientOf(platform), client =>
        {
            client.BaseAddress = url;
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.DefaultRequestHeaders.UserAgent.ParseAdd($"CodeChill/{Health.Version}");
            client.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        });
        // The messages carry URLs with people's handles.
        http.RemoveAllLoggers();
        http.ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        });
        http.AddResilienceHandler(key + "-repeat", (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryPause,
                ShouldHandle = MayPass(),
            });
        });
        http.AddHttpMessageHandler(provider => new QuotaHandler(provider.GetRequiredKeyedService<PlatformQuota>(key)));
        http.AddResilienceHandler(key + "-try", (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
                {
                    FailureRatio = 0.8,
                    MinimumThroughput = 9,
                    SamplingDuration = TimeSpan.FromSeconds(60),
                    BreakDuration = TimeSpan.FromSeconds(30),
                    ShouldHandle = MayPass(),
                })
                .AddTimeout(options.RequestLimit);
        });
        http.AddHttpMessageHandler(() => new OutboundGuard(url, AnswerBytes));
    }

    /// <summary>What went wrong on the way, as a sentence about the platform; null for what is nobody's failure (cancellation).</summary>
    public static StatsFailure? Explain(string displayName, Exception failure) => failure switch
    {
        StatsFailure known => known,
        OutboundException unusable => new($"{displayName} cannot be used: {unusable.Message}", null, unusable),
        TimeoutRejectedException => new($"{displayName} did not answer in time", null, failure),
        BrokenCircuitException => new($"{displayName} has not been answering", null, failure),
        HttpRequestException or IOException => new($"{displayName} cannot be reached", null, failure),
        OperationCanceledException => null,
        _ => new($"{displayName} sent something that is no answer", null, failure),
    };

    private static PredicateBuilder<HttpResponseMessage> MayPass()
        => new PredicateBuilder<HttpResponseMessage>()
            .Handle<HttpRequestException>(failure => failure is not OutboundException)
            .Handle<TimeoutRejectedException>()
            .HandleResult(answer => answer.StatusCode >= HttpStatusCode.InternalServerError || answer.StatusCode == HttpStatusCode.RequestTimeout);
}
