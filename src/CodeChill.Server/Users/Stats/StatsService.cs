using System.ComponentModel;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Caching.Hybrid;

namespace CodeChill.Server.Users.Stats;

/// <summary>
/// Theory of operation. The numbers beside a profile are kept in the user's row and shown from there; no request for a profile ever waits for
/// another site. They are fetched when a handle changes and when they are older than a day (<see cref="StatsRefresher"/>, in the background),
/// and when somebody asks for it. Each platform stands alone: what one answers is stored as it comes, and one that fails keeps its last good
/// numbers with their age and the reason. A handle that nobody has there is an answer, not a failure. Answers are shared for a short while, so
/// that asking again and again, or for the same handle from several accounts, costs the platform one look.
/// </summary>
internal sealed class StatsService(
    IEnumerable<StatsSource> sources, IServiceProvider services, UserStore users, StatsStore store, HybridCache cache, TimeProvider clock, ILogger<StatsService> log)
{
    private readonly Dictionary<StatsPlatform, StatsSource> _sources = sources.GroupBy(s => s.Platform).ToDictionary(g => g.Key, g => g.Last());

    /// <summary>Asks every platform the user has a handle on. Fails when none of them answered; the user is as stored then all the same.</summary>
    public async Task<Outcome<User>> RefreshAsync(string userId, TimeSpan patience, CancellationToken cancel)
    {
        if (await users.FindAsync(userId, cancel) is not { IsActive: true } user)
            return UserErrors.NotFound;
        if (!user.HasHandles)
            return user;
        var answered = await Task.WhenAll(StatsPlatforms.All.Select(platform => LookAsync(platform, user, patience, cancel)));
        if (!answered.Contains(true))
            return UserErrors.NoPlatformAnswered;
        return await users.FindAsync(userId, cancel) is { } refreshed ? refreshed : UserErrors.NotFound;
    }

    /// <summary>True when the platform answered, be it that it knows nobody of that name.</summary>
    private async Task<bool> LookAsync(StatsPlatform platform, User user, TimeSpan patience, CancellationToken cancel)
    {
        if (user.HandleOf(platform) is not { } handle)
            return false;
        var status = new StatsStatus { Handle = handle, TriedAt = clock.GetUtcNow() };
        try
        {
            var answer = await AskAsync(platform, handle, patience, cancel);
            status = answer.Stats is null
                ? status with { Outcome = StatsStatus.Unknown, Error = $"{NameOf(platform)} knows nobody of this name" }
                : status with { Outcome = StatsStatus.Found, FetchedAt = answer.FetchedAt };
            await store.RecordAsync(user.Id, platform, status, answer.Stats, cancel);
            return true;
        }
        catch (StatsFailure failure)
        {
            log.LogInformation("{Platform} gave no numbers for user {UserId}: {Reason}", platform, user.Id, failure.InnerException is { } cause ? $"{failure.Message} ({cause.Message})" : failure.Message);
            await store.RecordAsync(user.Id, platform, status with { Error = failure.Message, RetryAt = failure.RetryAt }, null, cancel);
            return false;
        }
    }

    private async Task<CachedStats> AskAsync(StatsPlatform platform, string handle, TimeSpan patience, CancellationToken cancel)
    {
        if (!_sources.TryGetValue(platform, out var source))
            throw new StatsFailure($"{NameOf(platform)} is not asked by this server");
        // All three take handles in any case for the same.
        var key = $"stats:{platform.Key()}:{handle.ToLowerInvariant()}";
        using var limit = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var answer = await GetAsync();
            if (clock.GetUtcNow() - answer.FetchedAt >= StatsLimits.CacheAge)
            {
                await cache.RemoveAsync(key, either.Token);
                answer = await GetAsync();
            }

            return answer;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new StatsFailure($"{NameOf(platform)} did not answer in time");
        }
        catch (Exception failure) when (PlatformHttp.Explain(NameOf(platform), failure) is { } known)
        {
            throw known;
        }

        async Task<CachedStats> GetAsync()
            => await cache.GetOrCreateAsync(
                key,
                async token => await FetchAsync(source, handle, token),
                new HybridCacheEntryOptions { Expiration = StatsLimits.CacheAge, LocalCacheExpiration = StatsLimits.CacheAge, Flags = HybridCacheEntryFlags.DisableDistributedCache },
                cancellationToken: either.Token);
    }

    private async Task<CachedStats> FetchAsync(StatsSource source, string handle, CancellationToken cancel)
    {
        var service = services.GetKeyedService<ExternalService>(source.Platform.Key());
        try
        {
            var stats = await source.FetchAsync(handle, cancel);
            service?.Answered();
            return new CachedStats(stats, clock.GetUtcNow());
        }
        catch (Exception failure) when (PlatformHttp.Explain(NameOf(source.Platform), failure) is { } known)
        {
            service?.Failed(known.Message);
            throw known;
        }
    }

    private static string NameOf(StatsPlatform platform) => platform.ToString();

    /// <summary>Null stats: the platform knows nobody of that name.</summary>
    [ImmutableObject(true)]
    private sealed record CachedStats(string? Stats, DateTimeOffset FetchedAt);
}
