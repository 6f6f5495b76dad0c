namespace CodeChill.Server.Users.Stats;

internal static class StatsLimits
{
    /// <summary>Numbers older than this are stale and fetched again.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(1);

    public static readonly TimeSpan RetryAfterFailure = TimeSpan.FromHours(1);

    /// <summary>Whoever asks again within this gets the same numbers, whatever account asks.</summary>
    public static readonly TimeSpan CacheAge = TimeSpan.FromMinutes(2);

    /// <summary>How long a request for a refresh waits for the platforms.</summary>
    public static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(15);

    /// <summary>In the background there is time to stand in line.</summary>
    public static readonly TimeSpan BackgroundPatience = TimeSpan.FromMinutes(2);

    /// <summary>Accounts that wait to be refreshed; more stay due in the database and are found there.</summary>
    public const int Queue = 1000;

    public const int Workers = 2;

    /// <summary>Accounts taken from the database at one look.</summary>
    public const int DueAtOnce = 20;

    public static readonly TimeSpan DuePeriod = TimeSpan.FromMinutes(1);

    /// <summary>An account taken up is not taken up again within this, by this server or another.</summary>
    public static readonly TimeSpan Claim = TimeSpan.FromMinutes(10);
}
