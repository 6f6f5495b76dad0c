using System.Net;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>Chooses where programs run, and wires Judge0 when that is the choice.</summary>
internal static class Judge0Setup
{
    /// <summary>Registers the <see cref="IRunner"/>: Judge0 when an address is set, else the embedded sandbox.</summary>
    public static IServiceCollection AddRunner(this IServiceCollection services, Judge0Options options)
    {
        if (options.ApiUrl is null)
            return services.AddSingleton<LocalRunner>().AddSingleton<IRunner>(provider => provider.GetRequiredService<LocalRunner>());
        services.AddJudge0Client(options);
        return services
            .AddSingleton<Judge0Tokens>()
            .AddSingleton<Judge0Runner>()
            .AddSingleton<IRunner>(provider => provider.GetRequiredService<Judge0Runner>());
    }

    private static void AddJudge0Client(this IServiceCollection services, Judge0Options options)
    {
        services.AddKeyedSingleton(Judge0Client.HttpClientName, (provider, _) => new ExternalService("judge0", provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredKeyedService<ExternalService>(Judge0Client.HttpClientName));
        services.AddSingleton(provider => new Judge0Client(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(Judge0Client.HttpClientName),
            options,
            provider.GetRequiredKeyedService<ExternalService>(Judge0Client.HttpClientName),
            provider.GetRequiredService<TimeProvider>()));
        var http = services.AddHttpClient(Judge0Client.HttpClientName, client =>
        {
            client.BaseAddress = options.ApiUrl;
            // The pipeline below has the limits.
            client.Timeout = Timeout.InfiniteTimeSpan;
        });
        // The messages carry URLs, and at Trace headers with the key.
        http.RemoveAllLoggers();
        // The client lives as long as the process; connections are renewed by the handler.
        http.SetHandlerLifetime(Timeout.InfiniteTimeSpan);
        http.ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.RequestLimit / 2,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            MaxConnectionsPerServer = 32,
        });
        // No retry here: repeating is the runner's, which knows the deadline and what a lost answer means for a submission.
        http.AddResilienceHandler("judge0", (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpResponseMessage>
                {
                    // While it is down a request a second finds out whether it is back.
                    FailureRatio = 0.9,
                    MinimumThroughput = 10,
                    SamplingDuration = TimeSpan.FromSeconds(10),
                    BreakDuration = TimeSpan.FromSeconds(1),
                    ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                        .Handle<HttpRequestException>(failure => failure is not OutboundException)
                        .Handle<TimeoutRejectedException>()
                        // 503 says that its queue is full: it lives.
                        .HandleResult(answer => answer.StatusCode >= HttpStatusCode.InternalServerError && answer.StatusCode != HttpStatusCode.ServiceUnavailable),
                })
                .AddTimeout(options.RequestLimit);
        });
        http.AddHttpMessageHandler(() => new OutboundGuard(options.ApiUrl!, Judge0Limits.AnswerBytes));
    }
}
