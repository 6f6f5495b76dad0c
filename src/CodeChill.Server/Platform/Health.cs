using System.Reflection;
using CodeChill.Server.Storage;

namespace CodeChill.Server.Platform;

/// <summary>
/// <c>/health</c> for people and monitors, <c>/health/live</c> (the process answers) and <c>/health/ready</c> (it can do its work) for
/// whatever restarts or routes to it. A database that hangs counts as gone: every answer is there within <see cref="Patience"/>.
/// </summary>
internal static class Health
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    public static string Version { get; } =
        typeof(Health).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health", ReportAsync);
        app.MapGet("/health/live", () => Replies.Ok(new { Status = "healthy" }));
        app.MapGet("/health/ready", ReportAsync);
    }

    private static async Task<IResult> ReportAsync(
        HttpContext http, Database database, IHostEnvironment environment, IHostApplicationLifetime lifetime, TimeProvider clock, ILoggerFactory logs)
    {
        var (durability, failure) = await AskAsync(database, clock, http.RequestAborted);
        if (failure is not null)
            logs.CreateLogger(typeof(Health)).LogWarning("The database does not answer: {Reason}", failure);
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        http.Response.Headers.CacheControl = "no-store";
        return Replies.Ok(
            new
            {
                Status = failure is not null ? "unhealthy" : stopping ? "stopping" : "healthy",
                Version,
                Environment = environment.EnvironmentName.ToLowerInvariant(),
                Timestamp = clock.GetUtcNow(),
                Checks = new
                {
                    Database = new { Status = failure is null ? "healthy" : "unhealthy", Kind = database.Dialect },
                    Durability = durability ?? "unknown",
                },
            },
            failure is null && !stopping ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>What a commit survives, read from the database itself, so the question is also the check that it answers.</summary>
    private static async Task<(string? Durability, string? Failure)> AskAsync(Database database, TimeProvider clock, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            // WaitAsync: drivers do not look at the token at every step.
            return (await Task.Run(() => database.DurabilityAsync(either.Token), either.Token).WaitAsync(either.Token), null);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return (null, $"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return (null, failure.Message);
        }
    }
}
