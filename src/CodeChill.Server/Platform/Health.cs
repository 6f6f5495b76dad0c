using System.Reflection;
using CodeChill.Server.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodeChill.Server.Platform;

/// <summary>
/// <c>/health</c> for people and monitors, <c>/health/live</c> (the process answers) and <c>/health/ready</c> (it can do its work) for
/// whatever restarts or routes to it. Every slice may register a health check; the tag <see cref="ReadyTag"/> makes it part of readiness,
/// the tag <see cref="ExternalTag"/> marks a service outside that this server can do without, listed under <c>external</c> and never worse
/// than degraded. A check's description becomes <c>reason</c> and its data further members: everybody may read them, so they hold no secret.
/// </summary>
internal static class Health
{
    public const string ReadyTag = "ready";
    public const string ExternalTag = "external";

    /// <summary>How long a check may take. A database that hangs counts as gone, and the answer is there within two seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    public static string Version { get; } =
        typeof(Health).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HealthReports>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck>("database", tags: [ReadyTag]);
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health", (HttpContext http, HealthReports reports) => ReportAsync(http, reports, readyOnly: false));
        app.MapGet("/health/live", () => Replies.Ok(new { Status = "healthy" }));
        app.MapGet("/health/ready", (HttpContext http, HealthReports reports) => ReportAsync(http, reports, readyOnly: true));
    }

    private static async Task<IResult> ReportAsync(HttpContext http, HealthReports reports, bool readyOnly)
    {
        var report = await reports.AskAsync(readyOnly).WaitAsync(http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return Replies.Ok(report.Body, report.IsUp ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>The question what a commit survives is also the check that the database answers.</summary>
    internal sealed class DatabaseCheck(Database database, TimeProvider clock) : IHealthCheck
    {
        public const string Durability = "durability";

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var data = new Dictionary<string, object> { ["kind"] = database.Dialect };
            using var patience = new CancellationTokenSource(Patience, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                // WaitAsync: drivers do not look at the token at every step.
                data[Durability] = await Task.Run(() => database.DurabilityAsync(either.Token), either.Token).WaitAsync(either.Token);
                return HealthCheckResult.Healthy(data: data);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                return new(HealthStatus.Unhealthy, $"no answer within {Patience.TotalSeconds} s", data: data);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // What the driver says names hosts and files: it goes to the log, not to the page.
                return new(HealthStatus.Unhealthy, "does not answer", failure, data);
            }
        }
    }
}
