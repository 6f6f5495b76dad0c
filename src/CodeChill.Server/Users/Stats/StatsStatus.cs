using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary>How the last look at one platform went, for the handle it was about.</summary>
internal sealed record StatsStatus
{
    public const string Found = "found";
    public const string Unknown = "unknown";
    public const string Failed = "failed";

    public string Handle { get; init; } = "";

    public string Outcome { get; init; } = Failed;

    public DateTimeOffset TriedAt { get; init; }

    /// <summary>When the numbers that are there were fetched.</summary>
    public DateTimeOffset? FetchedAt { get; init; }

    public string? Error { get; init; }

    /// <summary>Not before this time, as the platform asked.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>When this platform is to be asked again.</summary>
    public DateTimeOffset DueAt
    {
        get
        {
            var due = TriedAt + (Outcome == Failed ? StatsLimits.RetryAfterFailure : StatsLimits.MaxAge);
            return RetryAt > due ? RetryAt.Value : due;
        }
    }

    public static Dictionary<string, StatsStatus> Parse(string? json)
        => json is null ? [] : JsonSerializer.Deserialize<Dictionary<string, StatsStatus>>(json, Json.Options) ?? [];

    public static string Serialize(Dictionary<string, StatsStatus> statuses) => JsonSerializer.Serialize(statuses, Json.Options);

    /// <summary>Null when there is nothing to be asked about.</summary>
    public static DateTimeOffset? NextDue(User user)
    {
        var statuses = Parse(user.StatsStatus);
        DateTimeOffset? due = null;
        foreach (var platform in StatsPlatforms.All)
        {
            if (user.HandleOf(platform) is not { } handle)
                continue;
            var at = statuses.TryGetValue(platform.Key(), out var status) && status.Handle == handle ? status.DueAt : DateTimeOffset.UnixEpoch;
            if (due is null || at < due)
                due = at;
        }

        return due;
    }

    public static IReadOnlyDictionary<string, StatsStatusView> Describe(User user)
    {
        var statuses = Parse(user.StatsStatus);
        return StatsPlatforms.All.ToDictionary(platform => platform.Key(), platform =>
        {
            if (user.HandleOf(platform) is not { } handle)
                return new StatsStatusView("none", null, null);
            if (!statuses.TryGetValue(platform.Key(), out var status) || status.Handle != handle)
                return new StatsStatusView("never", null, null);
            var hasNumbers = user.StatsOf(platform) is not null;
            var state = status.Outcome switch
            {
                Unknown => "unknown_handle",
                Failed => hasNumbers ? "stale" : "unavailable",
                _ => user.ReadAt - status.FetchedAt > StatsLimits.MaxAge ? "stale" : "fresh",
            };
            return new StatsStatusView(state, hasNumbers ? status.FetchedAt : null, status.Error);
        });
    }
}

/// <summary>One member of <c>stats_status</c>: fresh, stale, never, unknown_handle, unavailable or none.</summary>
internal sealed record StatsStatusView(string State, DateTimeOffset? FetchedAt, string? Error);
