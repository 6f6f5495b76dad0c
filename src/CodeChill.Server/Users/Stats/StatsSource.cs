namespace CodeChill.Server.Users.Stats;

/// <summary>
/// Where one platform's numbers come from. <paramref name="FetchAsync"/> gets the handle and answers the contract's object
/// (<c>github_stats</c> …) as JSON, or null when the platform knows nobody of that name; anything else it throws, in a
/// <see cref="StatsFailure"/> when there is something to say about it. Registered twice, the later one counts.
/// </summary>
internal sealed record StatsSource(StatsPlatform Platform, Func<string, CancellationToken, Task<string?>> FetchAsync);

/// <summary>Why a platform gave no numbers, in words for its users: nothing the platform wrote is repeated.</summary>
internal sealed class StatsFailure(string message, DateTimeOffset? retryAt = null, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Not before this time, as the platform asked.</summary>
    public DateTimeOffset? RetryAt { get; } = retryAt;
}
