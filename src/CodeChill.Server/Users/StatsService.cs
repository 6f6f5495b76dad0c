using CodeChill.Server.Platform;

namespace CodeChill.Server.Users;

internal enum StatsPlatform
{
    GitHub,
    LeetCode,
    Codeforces,
}

/// <summary>
/// Where one platform's numbers come from: register one as a singleton to plug it in. <paramref name="FetchAsync"/> gets the handle and
/// answers the contract's object (<c>github_stats</c> …) as JSON; it throws, or answers null for an unknown handle, when there is none.
/// </summary>
internal sealed record StatsSource(StatsPlatform Platform, Func<string, CancellationToken, Task<string?>> FetchAsync);

/// <summary>
/// The numbers beside a profile. They are fetched when asked for, kept in the user's row, and shown from there. A user without handles has
/// nothing to fetch and gets what is stored; with handles, at least one platform has to answer, or the refresh fails and what is stored stays.
/// </summary>
internal sealed class StatsService(IEnumerable<StatsSource> sources, UserStore users, IHostApplicationLifetime lifetime, ILogger<StatsService> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly StatsSource[] _sources = [.. sources];

    public async Task<Outcome<User>> RefreshAsync(string userId, CancellationToken cancel)
    {
        if (await users.FindAsync(userId, cancel) is not { IsActive: true } user)
            return UserErrors.NotFound;
        if (!user.HasHandles)
            return user;
        var answered = await Task.WhenAll(_sources.Select(source => FetchAsync(source, user, cancel)));
        if (!answered.Contains(true))
            return UserErrors.NoPlatformAnswered;
        return await users.FindAsync(userId, cancel) is { } refreshed ? refreshed : UserErrors.NotFound;
    }

    /// <summary>For a changed profile: the answer does not wait for other sites.</summary>
    public void RefreshInBackground(string userId)
        => _ = Task.Run(async () =>
        {
            try
            {
                await RefreshAsync(userId, lifetime.ApplicationStopping);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                log.LogWarning(failure, "The stats of user {UserId} could not be refreshed", userId);
            }
        });

    private async Task<bool> FetchAsync(StatsSource source, User user, CancellationToken cancel)
    {
        var handle = source.Platform switch
        {
            StatsPlatform.GitHub => user.GithubUsername,
            StatsPlatform.LeetCode => user.LeetcodeUsername,
            _ => user.CodeforcesUsername,
        };
        if (handle is null)
            return false;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            if (await source.FetchAsync(handle, patience.Token) is not { } stats)
                return false;
            await users.UpdateStatsAsync(user.Id, source.Platform, handle, stats, cancel);
            return true;
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            log.LogInformation("{Platform} did not answer for user {UserId}: {Reason}", source.Platform, user.Id, failure.Message);
            return false;
        }
    }
}
