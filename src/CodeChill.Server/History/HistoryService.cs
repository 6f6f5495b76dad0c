using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Text;

namespace CodeChill.Server.History;

/// <summary>
/// Reads a room's past: only what is durable, on the request's own thread, never in the room's turn. Every answer starts at the nearest
/// checkpoint; how much may be read at once, for how long, and by whom how often is bounded. What is damaged is said and does not keep the
/// rest from being read.
/// </summary>
internal sealed class HistoryService(HistoryStore store, HistoryKeeper keeper, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _places = new(HistoryLimits.Concurrency);
    private readonly EventRateLimiter _limits = new(30, 3, clock);

    /// <summary>What one user may ask at once and again; a costly question counts several times.</summary>
    public Error? Refuse(string userId, double cost)
        => _limits.TryTake(userId, out var wait, cost) ? null : PlatformErrors.RateLimited with { RetryAfter = wait };

    /// <summary>Does work within the bound on how many read at once.</summary>
    public async Task<T> InPlaceAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Does work within a bound on its time.</summary>
    public async Task<Outcome<T>> WithinTimeAsync<T>(TimeSpan limit, Func<CancellationToken, Task<Outcome<T>>> work, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return HistoryErrors.Busy;
        }
    }

    public Task<Outcome<HistoryPage>> ListAsync(string roomId, long from, long to, PageRequest page, CancellationToken cancel)
        => WithinBoundsAsync<HistoryPage>(
            async within =>
            {
                var (first, last, _) = await RangeAsync(roomId, within);
                var (entries, total) = await store.ListAsync(roomId, from, to, page.PerPage, page.Offset, within);
                var counts = await CountAsync(roomId, entries, within);
                var names = await store.NamesAsync([.. entries.Select(e => e.UserId).OfType<string>().Distinct()], within);
                return new HistoryPage(
                    [.. entries.Select(e => new VersionView(
                        e.Version,
                        e.UserId,
                        NameOf(names, e.UserId),
                        e.Kind,
                        e.CreatedAt,
                        counts.TryGetValue(e.Seq, out var count) ? count.Inserted : null,
                        counts.TryGetValue(e.Seq, out count) ? count.Deleted : null,
                        e.Seq - e.FirstSeq + 1,
                        counts.TryGetValue(e.Seq, out count) ? null : true))],
                    page.Describe(total),
                    first,
                    last);
            },
            cancel);

    /// <summary>The text of a version, or of the nearest older one that is there.</summary>
    public Task<Outcome<VersionText>> ReadAsync(string roomId, long version, CancellationToken cancel)
        => WithinBoundsAsync<VersionText>(
            async within =>
            {
                var (first, last, start) = await RangeAsync(roomId, within);
                if (version < first || version > last)
                    return HistoryErrors.VersionNotFound;
                var found = await store.FindAsync(roomId, version, within);
                var replica = await keeper.OpenAsync(roomId, found?.Seq ?? start, within);
                var damaged = false;
                while (found is not null && replica.Seq < found.Seq && !damaged)
                {
                    var entries = await store.ReadAsync(roomId, replica.Seq, found.Seq, within);
                    damaged = entries.Count == 0 || !TryApply(replica, entries, null);
                }

                if (replica.Seq == 0)
                    return HistoryErrors.Damaged;
                var made = replica.Last ?? (found?.Seq == replica.Seq ? found : null);
                var runs = replica.Attribution();
                var names = await store.NamesAsync([.. runs.Select(r => r.UserId).Append(made?.UserId).OfType<string>().Distinct()], within);
                return new VersionText(
                    replica.Version,
                    replica.Text,
                    made?.CreatedAt,
                    made?.UserId,
                    NameOf(names, made?.UserId),
                    [.. runs.Select(r => r.UserId).OfType<string>().Distinct().Select(id => new AuthorView(id, NameOf(names, id)))],
                    [.. runs.Select(r => new AttributionView(r.Index, r.Length, r.UserId))],
                    damaged ? true : null);
            },
            cancel);

    public void Dispose() => _places.Dispose();

    private Task<Outcome<T>> WithinBoundsAsync<T>(Func<CancellationToken, Task<Outcome<T>>> work, CancellationToken cancel)
        => WithinTimeAsync(HistoryLimits.Deadline, within => InPlaceAsync(() => work(within), within), cancel);

    /// <summary>The oldest and the newest version whose text can be had, and the seq at which the oldest was.</summary>
    private async Task<(long First, long Last, long Start)> RangeAsync(string roomId, CancellationToken cancel)
    {
        if (await store.EndsAsync(roomId, cancel) is not var (first, last))
            return (0, 0, 0);
        if (first.FirstSeq == 1)
            return (first.Version, last.Version, first.Seq);
        // What came before the first entry is in the checkpoint at which history was cut; failing that, in whatever can be read first.
        var start = await store.NextCheckpointAsync(roomId, first.FirstSeq - 1, cancel);
        if (start?.Seq == first.FirstSeq - 1)
            return (start.Version, last.Version, start.Seq);
        var earliest = await keeper.OpenAsync(roomId, last.Seq, cancel);
        return (earliest.Version, last.Version, earliest.Seq);
    }

    /// <summary>What the entries of a page inserted and deleted; those that cannot be read are left out.</summary>
    private async Task<Dictionary<long, (int Inserted, int Deleted)>> CountAsync(string roomId, IReadOnlyList<HistoryEntry> page, CancellationToken cancel)
    {
        var counts = new Dictionary<long, (int, int)>();
        if (page.Count == 0)
            return counts;
        var (oldest, newest) = (page[^1].FirstSeq, page[0].Seq);
        var replica = await keeper.OpenAsync(roomId, oldest - 1, cancel);
        while (replica.Seq < newest)
        {
            var entries = await store.ReadAsync(roomId, replica.Seq, newest, cancel);
            var isWhole = entries.Count > 0 && TryApply(
                replica, entries, (entry, edits) => counts[entry.Seq] = (edits.Sum(e => e.Insert.Length), edits.Sum(e => e.DeleteLength)));
            if (isWhole)
                continue;
            // Behind the damage, reading starts again at the next checkpoint.
            if (await store.NextCheckpointAsync(roomId, replica.Seq + 1, cancel) is not { } next || next.Seq > newest)
                break;
            replica = await keeper.OpenAsync(roomId, next.Seq, cancel);
            if (replica.Seq != next.Seq)
                break;
        }

        return counts;
    }

    /// <summary>False at the first entry that is not what was written.</summary>
    internal static bool TryApply(HistoryReplica replica, IReadOnlyList<HistoryEntry> entries, Action<HistoryEntry, IReadOnlyList<TextEdit>>? applied)
    {
        foreach (var entry in entries)
        {
            try
            {
                var edits = replica.Apply(entry);
                applied?.Invoke(entry, edits);
            }
            catch (HistoryDamagedException)
            {
                return false;
            }
        }

        return true;
    }

    private static string? NameOf(IReadOnlyDictionary<string, string> names, string? userId)
        => userId is null ? null : names.GetValueOrDefault(userId);
}

internal sealed record HistoryPage(IReadOnlyList<VersionView> Versions, Pagination Pagination, long FirstVersion, long LastVersion);

/// <summary>A version in the list. <paramref name="Edits"/> is how many edits were merged into it; <paramref name="Damaged"/> is true when what it changed cannot be read.</summary>
internal sealed record VersionView(
    long Version, string? UserId, string? UserName, string Kind, DateTimeOffset CreatedAt, int? Inserted, int? Deleted, long Edits, bool? Damaged);

/// <summary>A version's text. <paramref name="Damaged"/> is true when it is older than asked for because what follows cannot be read.</summary>
internal sealed record VersionText(
    long Version,
    string Content,
    DateTimeOffset? CreatedAt,
    string? UserId,
    string? UserName,
    IReadOnlyList<AuthorView> Authors,
    IReadOnlyList<AttributionView> Attribution,
    bool? Damaged);

internal sealed record AuthorView(string UserId, string? UserName);

internal sealed record AttributionView(int Index, int Length, string? UserId);
