using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodeChill.Server.Operations;

/// <summary>Are edits made durable as they come?</summary>
internal sealed class LogCheck(UpdateLog log, TimeProvider clock) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (backlog, lag) = (log.BacklogBytes, log.Lag);
        var data = new Dictionary<string, object> { ["backlog_bytes"] = backlog, ["lag_seconds"] = Math.Round(lag.TotalSeconds, 3) };
        if (log.FailingSince is { } since)
        {
            data["failing_since"] = since;
            // One failed commit may be a deadlock and is tried again at once; a second of them is a database that takes no writes.
            return Task.FromResult(clock.GetUtcNow() - since < TimeSpan.FromSeconds(1)
                ? HealthCheckResult.Degraded("the last commit failed and is tried again", data: data)
                : HealthCheckResult.Unhealthy("edits cannot be written; they wait in memory and are not acknowledged", data: data));
        }

        return Task.FromResult(backlog > UpdateLog.MaxBacklogBytes / 2
            ? HealthCheckResult.Degraded("more than half of the backlog's bound waits to be written", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}

/// <summary>Can programs be run?</summary>
internal sealed class RunnerCheck(IRunner runner, ExecutionQueue queue) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>
        {
            ["open_runs"] = queue.Open,
            ["languages"] = runner.Languages.Count(language => language.Available),
        };
        return Task.FromResult(runner.Unavailable is { } why ? HealthCheckResult.Degraded(why, data: data) : HealthCheckResult.Healthy(data: data));
    }
}

/// <summary>Does the identity provider answer? While it does not, the keys it published last keep working.</summary>
internal sealed class IdentityCheck(ProviderKeys keys) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult((keys.IsReachable, keys.Current) switch
        {
            (true, not null) => HealthCheckResult.Healthy(data: new Dictionary<string, object> { ["keys"] = keys.Current!.Keys.Count }),
            (true, null) => HealthCheckResult.Healthy("not asked yet"),
            (false, not null) => HealthCheckResult.Degraded("does not answer; the keys it published last are used"),
            (false, null) => HealthCheckResult.Degraded("has not answered yet; its tokens cannot be checked"),
        });
}
