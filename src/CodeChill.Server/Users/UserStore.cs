using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Users;

/// <summary>The SQL of <c>users</c>.</summary>
internal sealed class UserStore(Database database, TimeProvider clock)
{
    private const string Columns = """
        id, email, name, picture, login_email, password_hash, identity_issuer, identity_subject, is_guest, is_active, is_verified,
        github_username, leetcode_username, codeforces_username, github_stats, leetcode_stats, codeforces_stats, stats_updated_at,
        created_at, updated_at
        """;

    public Task<User?> FindAsync(string id, CancellationToken cancel = default)
        => database.ReadAsync(db => db.QuerySingleOrDefaultAsync<User>($"SELECT {Columns} FROM users WHERE id = @id", new { id }), cancel);

    public Task<User?> FindByIdentityAsync(string issuer, string subject, CancellationToken cancel = default)
        => database.ReadAsync(
            db => db.QuerySingleOrDefaultAsync<User>(
                $"SELECT {Columns} FROM users WHERE identity_issuer = @issuer AND identity_subject = @subject", new { issuer, subject }),
            cancel);

    /// <summary>The password account that signs in with this address (lower case).</summary>
    public Task<User?> FindByLoginAsync(string loginEmail, CancellationToken cancel = default)
        => database.ReadAsync(
            db => db.QuerySingleOrDefaultAsync<User>($"SELECT {Columns} FROM users WHERE login_email = @loginEmail", new { loginEmail }),
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

    /// <summary>Stores name and handles as given; a handle that changed loses the numbers of the old one.</summary>
    public Task UpdateProfileAsync(User user, CancellationToken cancel = default)
        => database.WriteAsync(
            (db, transaction) => db.ExecuteAsync(
                """
                UPDATE users SET name = @Name, github_username = @GithubUsername, leetcode_username = @LeetcodeUsername,
                    codeforces_username = @CodeforcesUsername, github_stats = @GithubStats, leetcode_stats = @LeetcodeStats,
                    codeforces_stats = @CodeforcesStats, updated_at = @UpdatedAt
                WHERE id = @Id AND is_active = 1
                """,
                user,
                transaction),
            cancel);

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
