using System.Data.Common;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Users;

/// <summary>The SQL of <c>users</c>.</summary>
internal sealed class UserStore(Database database, TimeProvider clock)
{
    private const string Columns = """
        id, email, name, picture, login_email, password_hash, identity_issuer, identity_subject, is_guest, is_active, is_verified,
        github_username, leetcode_username, codeforces_username, github_stats, leetcode_stats, codeforces_stats, stats_updated_at,
        stats_status, stats_due_at, created_at, updated_at
        """;

    public Task<User?> FindAsync(string id, CancellationToken cancel = default)
        => database.ReadAsync(db => OneAsync(db, "id = @id", new { id }), cancel);

    public Task<User?> FindByIdentityAsync(string issuer, string subject, CancellationToken cancel = default)
        => database.ReadAsync(
            db => OneAsync(db, "identity_issuer = @issuer AND identity_subject = @subject", new { issuer, subject }),
            cancel);

    /// <summary>The password account that signs in with this address (lower case).</summary>
    public Task<User?> FindByLoginAsync(string loginEmail, CancellationToken cancel = default)
        => database.ReadAsync(
            db => OneAsync(db, "login_email = @loginEmail", new { loginEmail }),
            cancel);

    /// <summary>False when the sign-in address or the provider's identity has an account already.</summary>
    public async Task<bool> CreateAsync(User user, CancellationToken cancel = default)
    {
        try
        {
            await database.WriteAsync(
                (db, transaction) => db.ExecuteAsync(
                    """
                    INSERT INTO users (id, email, name, picture, login_email, password_hash, identity_issuer, identity_subject, is_guest,
                        is_active, is_verified, created_at, updated_at)
                    VALUES (@Id, @Email, @Name, @Picture, @LoginEmail, @PasswordHash, @IdentityIssuer, @IdentitySubject, @IsGuest,
                        1, @IsVerified, @CreatedAt, @UpdatedAt)
                    """,
                    user,
                    transaction),
                cancel);
            return true;
        }
        catch (Exception failure) when (database.IsDuplicateKey(failure))
        {
            return false;
        }
    }

    /// <summary>What the identity provider says replaces what it said before; the name is the user's own to change.</summary>
    public Task UpdateFromProviderAsync(string id, string? email, string? picture, bool isVerified, CancellationToken cancel = default)
        => database.WriteAsync(
            (db, transaction) => db.ExecuteAsync(
                """
                UPDATE users SET email = COALESCE(@email, email), picture = COALESCE(@picture, picture), is_verified = @isVerified,
                    updated_at = @now
                WHERE id = @id
                """,
                new { id, email, picture, isVerified, now = clock.GetUtcNow() },
                transaction),
            cancel);

    /// <summary>Changes name and handles of an active user as <paramref name="change"/> says; two changes at once do not undo each other.</summary>
    public Task<Outcome<User>> ChangeProfileAsync(string id, Func<User, Outcome<User>> change, CancellationToken cancel = default)
        => database.WriteAsync<Outcome<User>>(
            async (db, transaction) =>
            {
                // Takes the row's lock before reading it.
                await db.ExecuteAsync("UPDATE users SET updated_at = updated_at WHERE id = @id", new { id }, transaction);
                var user = await OneAsync(db, "id = @id", new { id }, transaction);
                if (user is not { IsActive: true })
                    return UserErrors.NotFound;
                var changed = change(user);
                if (changed.Error is null)
                    await db.ExecuteAsync(
                        """
                        UPDATE users SET name = @Name, github_username = @GithubUsername, leetcode_username = @LeetcodeUsername,
                            codeforces_username = @CodeforcesUsername, github_stats = @GithubStats, leetcode_stats = @LeetcodeStats,
                            codeforces_stats = @CodeforcesStats, stats_due_at = @StatsDueAt, updated_at = @UpdatedAt
                        WHERE id = @Id
                        """,
                        changed.Value,
                        transaction);
                return changed;
            },
            cancel);

    /// <summary>Active users whose name or handle contains the text, by name.</summary>
    public Task<(IReadOnlyList<User> Users, long Total)> SearchAsync(string contains, PageRequest page, CancellationToken cancel = default)
        => database.ReadAsync<(IReadOnlyList<User>, long)>(
            async db =>
            {
                const string where = """
                    is_active = 1 AND (LOWER(name) LIKE @pattern ESCAPE '!' OR LOWER(github_username) LIKE @pattern ESCAPE '!'
                        OR LOWER(leetcode_username) LIKE @pattern ESCAPE '!' OR LOWER(codeforces_username) LIKE @pattern ESCAPE '!')
                    """;
                var arguments = new { pattern = Database.LikePattern(contains.ToLowerInvariant()), page.PerPage, page.Offset };
                var total = await db.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM users WHERE {where}", arguments);
                var found = await db.QueryAsync<User>(
                    $"SELECT {Columns} FROM users WHERE {where} ORDER BY name, id LIMIT @PerPage OFFSET @Offset", arguments);
                return ([.. found], total);
            },
            cancel);

    /// <summary>How many rooms the user made, is owner or member of, and takes part in now.</summary>
    public Task<RoomCounts> CountRoomsAsync(string id, CancellationToken cancel = default)
        => database.ReadAsync(
            db => db.QuerySingleAsync<RoomCounts>(
                """
                SELECT
                  (SELECT COUNT(*) FROM rooms WHERE created_by = @id AND is_active = 1) AS created,
                  (SELECT COUNT(*) FROM rooms WHERE created_by = @id AND is_active = 1 AND is_private = 0) AS created_public,
                  (SELECT COUNT(*) FROM participants p JOIN rooms r ON r.id = p.room_id WHERE p.user_id = @id AND r.is_active = 1) AS joined,
                  (SELECT COUNT(*) FROM participants p JOIN rooms r ON r.id = p.room_id
                    WHERE p.user_id = @id AND p.is_active = 1 AND r.is_active = 1) AS active
                """,
                new { id }),
            cancel);

    private async Task<User?> OneAsync(DbConnection db, string where, object arguments, DbTransaction? transaction = null)
        => await db.QuerySingleOrDefaultAsync<User>($"SELECT {Columns} FROM users WHERE {where}", arguments, transaction) is { } user
            ? user with { ReadAt = clock.GetUtcNow() }
            : null;

    public Task UpdatePasswordHashAsync(string id, string passwordHash, CancellationToken cancel = default)
        => database.WriteAsync(
            (db, transaction) => db.ExecuteAsync(
                "UPDATE users SET password_hash = @passwordHash WHERE id = @id", new { id, passwordHash }, transaction),
            cancel);

    /// <summary>
    /// Soft delete: the row stays for the names beside old messages, the sign-in address becomes free, every room is left. One
    /// transaction, so nobody is half gone. False when the user was not active.
    /// </summary>
    public Task<bool> DeactivateAsync(string id, CancellationToken cancel = default)
        => database.WriteAsync(
            async (db, transaction) =>
            {
                var now = clock.GetUtcNow();
                var changed = await db.ExecuteAsync(
                    """
                    UPDATE users SET is_active = 0, login_email = NULL, password_hash = NULL, updated_at = @now
                    WHERE id = @id AND is_active = 1
                    """,
                    new { id, now },
                    transaction);
                if (changed == 0)
                    return false;
                await db.ExecuteAsync(
                    "UPDATE participants SET is_active = 0, last_seen = @now WHERE user_id = @id AND is_active = 1", new { id, now }, transaction);
                await db.ExecuteAsync(
                    "UPDATE sessions SET revoked_at = @now WHERE user_id = @id AND revoked_at IS NULL", new { id, now }, transaction);
                return true;
            },
            cancel);
}

internal sealed record RoomCounts
{
    public long Created { get; init; }

    public long CreatedPublic { get; init; }

    /// <summary>Rooms that still exist and were ever joined; the ones made count too, their maker joins them.</summary>
    public long Joined { get; init; }

    public long Active { get; init; }
}
