using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Operations;

/// <summary>The SQL of housekeeping. Each purge is one transaction: nobody is ever half gone.</summary>
internal sealed class HousekeepingStore(Database database, TimeProvider clock)
{
    public const string GhostId = "00000000-0000-0000-0000-000000000000";

    /// <summary>What one round looks at; the rest is the next round's.</summary>
    private const int PerRound = 1_000;

    public Task<List<string>> IdleRoomsAsync(DateTimeOffset before, CancellationToken cancel)
        => IdsAsync($"SELECT id FROM rooms WHERE is_active = 1 AND last_activity < @before ORDER BY last_activity LIMIT {PerRound}", new { before }, cancel);

    public Task<List<string>> RoomsWithStaleMembersAsync(DateTimeOffset before, CancellationToken cancel)
        => IdsAsync(
            $"""
            SELECT DISTINCT p.room_id FROM participants p JOIN rooms r ON r.id = p.room_id
            WHERE p.is_active = 1 AND r.is_active = 1 AND p.role <> 'owner' AND p.last_seen < @before LIMIT {PerRound}
            """,
            new { before },
            cancel);

    public Task<List<string>> DeletedRoomsAsync(DateTimeOffset before, CancellationToken cancel)
        => IdsAsync($"SELECT id FROM rooms WHERE is_active = 0 AND updated_at < @before ORDER BY updated_at LIMIT {PerRound}", new { before }, cancel);

    /// <summary>Guests whose last session is over: with nothing to sign in with, nobody will ever be them again.</summary>
    public Task<List<string>> LostGuestsAsync(DateTimeOffset before, CancellationToken cancel)
        => IdsAsync(
            $"""
            SELECT u.id FROM users u WHERE u.is_active = 1 AND u.is_guest = 1 AND u.updated_at < @before
              AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > @now) LIMIT {PerRound}
            """,
            new { before, now = clock.GetUtcNow() },
            cancel);

    public Task<List<string>> DeletedAccountsAsync(DateTimeOffset before, CancellationToken cancel)
        => IdsAsync(
            $"SELECT id FROM users WHERE is_active = 0 AND id <> '{GhostId}' AND updated_at < @before ORDER BY updated_at LIMIT {PerRound}", new { before }, cancel);

    /// <summary>Rooms that nobody but this user was left in: what is in them is theirs alone.</summary>
    public Task<List<string>> RoomsOfNobodyElseAsync(string userId, CancellationToken cancel)
        => IdsAsync(
            "SELECT r.id FROM rooms r WHERE r.created_by = @userId AND NOT EXISTS (SELECT 1 FROM participants p WHERE p.room_id = r.id AND p.is_active = 1 AND p.user_id <> @userId)",
            new { userId },
            cancel);

    /// <summary>Removes a deleted room for good. False when it is not a deleted room (any more).</summary>
    public Task<bool> PurgeRoomAsync(string roomId, CancellationToken cancel)
        => database.WriteAsync(
            async (connection, transaction) =>
            {
                // Takes the row's lock: nobody brings the room back meanwhile.
                if (await connection.ExecuteAsync("UPDATE rooms SET updated_at = updated_at WHERE id = @roomId AND is_active = 0", new { roomId }, transaction) == 0)
                    return false;
                await connection.ExecuteAsync(
                    "DELETE FROM case_results WHERE run_id IN (SELECT id FROM case_runs WHERE room_id = @roomId)", new { roomId }, transaction);
                foreach (var table in OwnedTables.OfRoom)
                    await connection.ExecuteAsync($"DELETE FROM {table} WHERE room_id = @roomId", new { roomId }, transaction);
                await connection.ExecuteAsync("DELETE FROM rooms WHERE id = @roomId", new { roomId }, transaction);
                return true;
            },
            cancel);

    /// <summary>Removes a deleted account for good: what is personal goes, what others were told stays without a name.</summary>
    public Task<bool> PurgeAccountAsync(string userId, CancellationToken cancel)
        => database.WriteAsync(
            async (connection, transaction) =>
            {
                if (userId == GhostId || await connection.ExecuteAsync(
                    "UPDATE users SET updated_at = updated_at WHERE id = @userId AND is_active = 0", new { userId }, transaction) == 0)
                    return false;
                await connection.ExecuteAsync(
                    "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = @userId)", new { userId }, transaction);
                foreach (var (table, column, fate) in OwnedTables.OfUser)
                {
                    await connection.ExecuteAsync(
                        fate switch
                        {
                            UserFate.Delete => $"DELETE FROM {table} WHERE {column} = @userId",
                            UserFate.Clear => $"UPDATE {table} SET {column} = NULL WHERE {column} = @userId",
                            _ => $"UPDATE {table} SET {column} = '{GhostId}' WHERE {column} = @userId",
                        },
                        new { userId },
                        transaction);
                }

                await connection.ExecuteAsync("DELETE FROM users WHERE id = @userId", new { userId }, transaction);
                return true;
            },
            cancel);

    public Task<int> PruneMessagesAsync(DateTimeOffset before, int batch, CancellationToken cancel)
        => PruneAsync("messages", "created_at < @before", before, batch, cancel);

    /// <summary>Runs that are over; one that still waits or runs is nobody's history yet.</summary>
    public Task<int> PruneExecutionsAsync(DateTimeOffset before, int batch, CancellationToken cancel)
        => PruneAsync("executions", "created_at < @before AND status IN ('completed', 'failed')", before, batch, cancel);

    /// <summary>Runs of test cases that are over, with what came of each case.</summary>
    public Task<int> PruneCaseRunsAsync(DateTimeOffset before, int batch, CancellationToken cancel)
        => database.WriteAsync(
            async (connection, transaction) =>
            {
                var old = (await connection.QueryAsync<string>(
                    $"SELECT id FROM case_runs WHERE created_at < @before AND status <> 'running' ORDER BY seq LIMIT {batch}", new { before }, transaction)).AsList();
                if (old.Count == 0)
                    return 0;
                await connection.ExecuteAsync("DELETE FROM case_results WHERE run_id IN @old", new { old }, transaction);
                return await connection.ExecuteAsync("DELETE FROM case_runs WHERE id IN @old", new { old }, transaction);
            },
            cancel);

    // Two statements, because MySQL knows no LIMIT inside IN.
    private Task<int> PruneAsync(string table, string where, DateTimeOffset before, int batch, CancellationToken cancel)
        => database.WriteAsync(
            async (connection, transaction) =>
            {
                var old = (await connection.QueryAsync<long>($"SELECT seq FROM {table} WHERE {where} ORDER BY created_at LIMIT {batch}", new { before }, transaction)).AsList();
                return old.Count == 0 ? 0 : await connection.ExecuteAsync($"DELETE FROM {table} WHERE seq IN @old", new { old }, transaction);
            },
            cancel);

    private async Task<List<string>> IdsAsync(string sql, object arguments, CancellationToken cancel)
        => (await database.ReadAsync(connection => connection.QueryAsync<string>(sql, arguments), cancel)).AsList();
}
