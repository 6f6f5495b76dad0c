using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Judge0;
using CodeChill.Server.Platform;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeChill.Server.Tests.Executions.Judge0;

/// <summary>The runner as the product wires it, with pauses of milliseconds.</summary>
internal sealed class Judge0Host : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Judge0Host(Judge0Options options)
        => _services = new ServiceCollection()
            .AddLogging(log => log.ClearProviders())
            .AddSingleton(TimeProvider.System)
            .AddSingleton(options)
            .AddRunner(options)
            .BuildServiceProvider();

    public Judge0Runner Runner => _services.GetRequiredService<Judge0Runner>();

    public ExternalService Service => _services.GetServices<ExternalService>().Single();

    public static Judge0Options Options(Uri url) => new()
    {
        ApiUrl = url,
        ApiKey = "secret-key",
        AuthUser = "the-user",
        Deadline = TimeSpan.FromSeconds(20),
        RequestLimit = TimeSpan.FromSeconds(5),
        FirstPoll = TimeSpan.FromMilliseconds(2),
        LongestPoll = TimeSpan.FromMilliseconds(20),
    };

    public static async Task<Judge0Host> StartAsync(Uri url, TimeSpan? deadline = null)
    {
        var options = Options(url);
        var host = new Judge0Host(deadline is { } given ? options with { Deadline = given } : options);
        await host.Runner.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public Task<RunOutcome> RunAsync(
        string source, string? input = null, Action<RunChunk>? onOutput = null, RunJobLimits? limits = null, string language = "python",
        string executionId = "execution", CancellationToken cancel = default)
        => Runner.RunAsync(
            new RunJob(executionId, "room", "user", new ExecutionRequest(language, source, input)) { Limits = limits ?? new() },
            null,
            chunk =>
            {
                onOutput?.Invoke(chunk);
                return ValueTask.CompletedTask;
            },
            cancel);

    public async ValueTask DisposeAsync()
    {
        await Runner.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
