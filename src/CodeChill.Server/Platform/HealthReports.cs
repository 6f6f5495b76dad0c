using CodeChill.Server.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodeChill.Server.Platform;

/// <summary>
/// Runs the health checks and puts their results into words. Anybody may ask as often as they like: those who ask while the checks run
/// get the same answer, so a crowd of probes costs the database one question at a time. What changed is logged once, not at every probe.
/// </summary>
internal sealed class HealthReports(
    HealthCheckService checks, IEnumerable<ExternalService> services, Database database, IHostEnvironment environment, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<HealthReports> log)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HealthStatus> _last = [];
    private readonly long _started = clock.GetTimestamp();
    private Task<HealthReport>? _running;

    public sealed record Answer(bool IsUp, object Body);

    /// <summary>Every check's status as it was last asked for.</summary>
    public IEnumerable<System.Diagnostics.Metrics.Measurement<int>> Levels()
    {
        lock (_gate)
            return [.. _last.Select(check => new System.Diagnostics.Metrics.Measurement<int>((int)check.Value, new KeyValuePair<string, object?>("check", check.Key)))];
    }

    public async Task<Answer> AskAsync(bool readyOnly)
    {
        Task<HealthReport> running;
        lock (_gate)
        {
            if (_running is not { IsCompleted: false })
                _running = checks.CheckHealthAsync();
            running = _running;
        }

        var report = await running;
        Note(report);
        var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        // Readiness is about this node's own work; everything about the health of the rest.
        var considered = report.Entries.Where(e => !readyOnly || e.Value.Tags.Contains(Health.ReadyTag)).ToList();
        var outside = readyOnly ? [] : considered.Where(e => e.Value.Tags.Contains(Health.ExternalTag)).ToDictionary(e => e.Key, e => Describe(e.Value));
        foreach (var service in readyOnly ? [] : services)
            outside[service.Name] = Describe(service.State);
        var worst = considered.Select(e => StatusOf(e.Value)).DefaultIfEmpty(HealthStatus.Healthy).Min();
        if (worst == HealthStatus.Healthy && outside.Values.Any(service => Equals(service["status"], ExternalState.Degraded)))
            worst = HealthStatus.Degraded;
        var entries = considered.Where(e => !e.Value.Tags.Contains(Health.ExternalTag)).ToDictionary(e => e.Key, e => (object?)Describe(e.Value));
        entries["durability"] = report.Entries.GetValueOrDefault("database").Data?.GetValueOrDefault(Health.DatabaseCheck.Durability) ?? "unknown";
        if (outside.Count > 0)
            entries["external"] = outside;
        return new(
            worst != HealthStatus.Unhealthy && !stopping,
            new
            {
                Status = stopping ? "stopping" : NameOf(worst),
                Health.Version,
                Environment = environment.EnvironmentName.ToLowerInvariant(),
                Timestamp = clock.GetUtcNow(),
                UptimeSeconds = (long)clock.GetElapsedTime(_started).TotalSeconds,
                Checks = entries,
            });
    }

    private static HealthStatus StatusOf(HealthReportEntry entry)
        => entry.Status == HealthStatus.Unhealthy && entry.Tags.Contains(Health.ExternalTag) ? HealthStatus.Degraded : entry.Status;

    private static string NameOf(HealthStatus status) => status.ToString().ToLowerInvariant();

    private static Dictionary<string, object?> Describe(HealthReportEntry entry)
    {
        var members = new Dictionary<string, object?> { ["status"] = NameOf(StatusOf(entry)) };
        if (entry.Description is { Length: > 0 } reason)
            members["reason"] = reason;
        foreach (var (name, value) in entry.Data.Where(d => d.Key != Health.DatabaseCheck.Durability))
            members[name] = value;
        return members;
    }

    private static Dictionary<string, object?> Describe(ExternalState state)
        => new() { ["status"] = state.Status, ["reason"] = state.Reason, ["since"] = state.Since, ["last_answer_at"] = state.LastAnswerAt };

    private void Note(HealthReport report)
    {
        lock (_gate)
        {
            foreach (var (name, entry) in report.Entries)
            {
                var status = StatusOf(entry);
                var known = _last.TryGetValue(name, out var before);
                _last[name] = status;
                if (known ? before == status : status == HealthStatus.Healthy)
                    continue;
                if (status == HealthStatus.Healthy)
                    log.LogWarning("Health of {Check} is healthy again", name);
                else
                    log.LogWarning(
                        "Health of {Check} is {Status}: {Reason} ({Database})",
                        name, NameOf(status), entry.Exception is { } failure ? failure.Message : entry.Description, database.Dialect);
            }
        }
    }
}
