using System.Data.Common;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Users.Stats;

/// <summary>The SQL of the numbers: what a look at a platform brought, and whose turn is next.</summary>
internal sealed class StatsStore(Database database, TimeProvider clock)
{
    private const string Columns = "id, github_username, leetcode_username, codeforces_username, github_stats, leetcode_stats, codeforces_stats, stats_status, stats_due_at";

    /// <summary>
    /// Stores how a look went, unless the handle has changed meanwhile. Numbers are replaced by newer ones only: after a failure, or when the
    /// platform knows the handle no more, the last good ones stay.
    /// </summary>
    public Task RecordAsync(string userId, StatsPlatform platform, StatsStatus status, string? stats, CancellationToken cancel)
        => database.WriteAsync(
            async (db, transaction) =>
            {
                if (await LockAsync(db, transaction, userId) is not { } user || user.HandleOf(platform) != status.Handle)
                    return;
                var statuses = StatsStatus.Parse(user.StatsStatus);
                var before = statuses.GetValueOrDefault(platform.Key());
                if (stats is null && before?.Handle == status.Handle && user.StatsOf(platform) is not null)
                    status = status with { FetchedAt = before.FetchedAt };
                statuses[platform.Key()] = status;
                var changed = user with { StatsStatus = StatsStatus.Serialize(statuses) };
                await db.ExecuteAsync(
                    $"""
                    UPDATE users SET stats_status = @StatsStatus, stats_due_at = @due, {platform.Key()}_stats = COALESCE(@stats, {platform.Key()}_stats),
                        stats_updated_at = CASE WHEN @stats IS NULL THEN stats_updated_at ELSE @now END
                    WHERE id = @userId
                    """,
                    new { userId, changed.StatsStatus, due = StatsStatus.NextDue(changed), stats, now = clock.GetUtcNow() },
                    transaction);
            },
            cancel);

    /// <summary>Active accounts whose numbers are due, the longest due first; each is put off so that nobody else takes it too.</summary>
    public async Task<IReadOnlyList<string>> ClaimDueAsync(int limit, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var due = await database.ReadAsync(
            db => db.QueryAsync<(string Id, long DueAt)>(
                "SELECT id, stats_due_at FROM users WHERE is_active = 1 AND stats_due_at <= @now ORDER BY stats_due_at LIMIT @limit", new { now, limit }),
            cancel);
        var claimed = new List<string>();
        foreach (var (id, dueAt) in due)
        {
            if (await database.WriteAsync(
                (db, transaction) => db.ExecuteAsync(
                    "UPDATE users SET stats_due_at = @until WHERE id = @id AND stats_due_at = @dueAt", new { id, dueAt, until = now + StatsLimits.Claim }, transaction),
                cancel) == 1)
                claimed.Add(id);
        }

        return claimed;
    }

    private static async Task<User?> LockAsync(DbConnection db, DbTransaction transaction, string userId)
    {
        await db.ExecuteAsync("UPDATE users SET stats_due_at = stats_due_at WHERE id = @userId", new { userId }, transaction);
        return await db.QuerySingleOrDefaultAsync<User>($"SELECT {Columns} FROM users WHERE id = @userId", new { userId }, transaction);
    }
}
