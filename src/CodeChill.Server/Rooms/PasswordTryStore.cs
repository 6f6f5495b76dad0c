using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Rooms;

/// <summary>The SQL of wrong room passwords: what <see cref="PasswordTries"/> counts, so that it survives its room's activation and the process.</summary>
internal sealed class PasswordTryStore(Database database)
{
    /// <summary>The tries of the last day, oldest first.</summary>
    public async Task<IReadOnlyList<(string UserId, DateTimeOffset At)>> LoadAsync(string roomId, DateTimeOffset now)
    {
        var rows = await database.ReadAsync(db => db.QueryAsync<(string UserId, long At)>(
            "SELECT user_id, tried_at FROM password_tries WHERE room_id = @roomId AND tried_at > @since ORDER BY tried_at", new { roomId, since = now - TimeSpan.FromDays(1) }));
        return [.. rows.Select(row => (row.UserId, DateTimeOffset.FromUnixTimeMilliseconds(row.At)))];
    }

    /// <summary>Durable when it returns. What is older than a day goes with it.</summary>
    public Task AddAsync(string roomId, string userId, DateTimeOffset now)
        => database.WriteAsync(async (db, transaction) =>
        {
            await db.ExecuteAsync("DELETE FROM password_tries WHERE room_id = @roomId AND tried_at <= @before", new { roomId, before = now - TimeSpan.FromDays(1) }, transaction);
            await db.ExecuteAsync("INSERT INTO password_tries (room_id, user_id, tried_at) VALUES (@roomId, @userId, @now)", new { roomId, userId, now }, transaction);
        });

    public Task ForgiveAsync(string roomId, string userId)
        => database.WriteAsync((db, transaction) => db.ExecuteAsync(
            "DELETE FROM password_tries WHERE room_id = @roomId AND user_id = @userId", new { roomId, userId }, transaction));
}
