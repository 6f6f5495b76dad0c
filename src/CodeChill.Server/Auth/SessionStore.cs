using CodeChill.Server.Storage;
using Dapper;

namespace CodeChill.Server.Auth;

/// <summary>What a token's session and user look like in the database.</summary>
internal sealed record SessionState
{
    public required string UserId { get; init; }

    public required string Name { get; init; }

    public string? Picture { get; init; }

    public bool IsGuest { get; init; }

    public bool IsActive { get; init; }

    public bool IsEnded { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }
}

internal enum RefreshVerdict
{
    Rotated,
    Unknown,
    Expired,

    /// <summary>The token was used before: somebody else has it. The session has been ended.</summary>
    Reused,
    Ended,
}

internal sealed record RefreshResult(RefreshVerdict Verdict, string? SessionId = null, string? UserId = null);

/// <summary>The SQL of <c>sessions</c>, <c>refresh_tokens</c> and <c>ended_tokens</c>.</summary>
internal sealed class SessionStore(Database database, TimeProvider clock)
{
    public Task CreateAsync(string id, string userId, string? openedBy, string refreshHash, DateTimeOffset expiresAt, CancellationToken cancel)
        => database.WriteAsync(
            async (db, transaction) =>
            {
                var now = clock.GetUtcNow();
                await db.ExecuteAsync(
                    """
                    INSERT INTO sessions (id, user_id, created_at, expires_at, opened_by) VALUES (@id, @userId, @now, @expiresAt, @openedBy)
                    """,
                    new { id, userId, now, expiresAt, openedBy },
                    transaction);
                await InsertRefreshAsync(db, transaction, id, refreshHash, now);
            },
            cancel);

    /// <summary>Uses up one refresh token and puts another in its place, or ends the session when the token had been used before.</summary>
    public Task<RefreshResult> RotateAsync(string hash, string nextHash, TimeSpan lifetime, CancellationToken cancel)
        => database.WriteAsync(
            async (db, transaction) =>
            {
                var now = clock.GetUtcNow();
                // The update comes first: it takes the row's lock, so of two requests with one token exactly one sees a row changed.
                var used = await db.ExecuteAsync(
                    "UPDATE refresh_tokens SET used_at = @now WHERE token_hash = @hash AND used_at IS NULL", new { hash, now }, transaction);
                var session = await db.QuerySingleOrDefaultAsync<RefreshRow>(
                    """
                    SELECT s.id, s.user_id, s.expires_at, s.revoked_at FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
                    WHERE r.token_hash = @hash
                    """,
                    new { hash },
                    transaction);
                if (session is null)
                    return new(RefreshVerdict.Unknown);
                // Before anything else: what a token that has expired was good for is nobody's business any more.
                if (session.ExpiresAt <= now)
                    return new(RefreshVerdict.Expired, session.Id, session.UserId);
                if (session.RevokedAt is not null)
                    return new(RefreshVerdict.Ended, session.Id, session.UserId);
                if (used == 0)
                {
                    await db.ExecuteAsync("UPDATE sessions SET revoked_at = @now WHERE id = @Id", new { session.Id, now }, transaction);
                    return new(RefreshVerdict.Reused, session.Id, session.UserId);
                }

                await db.ExecuteAsync(
                    "UPDATE sessions SET expires_at = @expiresAt WHERE id = @Id", new { session.Id, expiresAt = now + lifetime }, transaction);
                await InsertRefreshAsync(db, transaction, session.Id, nextHash, now);
                return new RefreshResult(RefreshVerdict.Rotated, session.Id, session.UserId);
            },
            cancel);

    public Task<SessionState?> FindAsync(string sessionId, CancellationToken cancel)
        => database.ReadAsync(
            db => db.QuerySingleOrDefaultAsync<SessionState>(
                """
                SELECT s.user_id, s.expires_at, s.revoked_at IS NOT NULL AS is_ended, u.name, u.picture, u.is_guest, u.is_active
                FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = @sessionId
                """,
                new { sessionId }),
            cancel);

    /// <summary>The user behind a provider's token and whether this token was logged out; null when nobody signed in with this identity yet.</summary>
    public Task<SessionState?> FindProviderAsync(string fingerprint, string issuer, string subject, CancellationToken cancel)
        => database.ReadAsync(
            db => db.QuerySingleOrDefaultAsync<SessionState>(
                """
                SELECT u.id AS user_id, u.name, u.picture, u.is_guest, u.is_active,
                    EXISTS (SELECT 1 FROM ended_tokens e WHERE e.fingerprint = @fingerprint) AS is_ended
                FROM users u WHERE u.identity_issuer = @issuer AND u.identity_subject = @subject
                """,
                new { fingerprint, issuer, subject }),
            cancel);

    public Task EndAsync(string sessionId, CancellationToken cancel)
        => database.WriteAsync(
            (db, transaction) => db.ExecuteAsync(
                "UPDATE sessions SET revoked_at = @now WHERE id = @sessionId AND revoked_at IS NULL",
                new { sessionId, now = clock.GetUtcNow() },
                transaction),
            cancel);

    /// <summary>Ends a provider's token and the sessions it opened here; answers those.</summary>
    public Task<IReadOnlyList<string>> EndTokenAsync(string fingerprint, string userId, DateTimeOffset expiresAt, CancellationToken cancel)
        => database.WriteAsync<IReadOnlyList<string>>(
            async (db, transaction) =>
            {
                var now = clock.GetUtcNow();
                await db.ExecuteAsync(
                    $"{database.InsertOrIgnore} INTO ended_tokens (fingerprint, user_id, ended_at, expires_at) VALUES (@fingerprint, @userId, @now, @expiresAt)",
                    new { fingerprint, userId, now, expiresAt },
                    transaction);
                var opened = await db.QueryAsync<string>(
                    "SELECT id FROM sessions WHERE opened_by = @fingerprint AND revoked_at IS NULL", new { fingerprint }, transaction);
                await db.ExecuteAsync(
                    "UPDATE sessions SET revoked_at = @now WHERE opened_by = @fingerprint AND revoked_at IS NULL", new { fingerprint, now }, transaction);
                return [.. opened];
            },
            cancel);

    /// <summary>Removes what can never be asked for again.</summary>
    public Task PruneAsync(TimeSpan skew, CancellationToken cancel)
        => database.WriteAsync(
            async (db, transaction) =>
            {
                var before = clock.GetUtcNow() - skew;
                await db.ExecuteAsync("DELETE FROM ended_tokens WHERE expires_at < @before", new { before }, transaction);
                await db.ExecuteAsync(
                    "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE expires_at < @before OR revoked_at < @before)",
                    new { before },
                    transaction);
                await db.ExecuteAsync("DELETE FROM sessions WHERE expires_at < @before OR revoked_at < @before", new { before }, transaction);
            },
            cancel);

    private static Task<int> InsertRefreshAsync(
        System.Data.Common.DbConnection db, System.Data.Common.DbTransaction transaction, string sessionId, string hash, DateTimeOffset now)
        => db.ExecuteAsync(
            "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (@hash, @sessionId, @now)",
            new { hash, sessionId, now },
            transaction);

    private sealed record RefreshRow
    {
        public required string Id { get; init; }

        public required string UserId { get; init; }

        public DateTimeOffset ExpiresAt { get; init; }

        public DateTimeOffset? RevokedAt { get; init; }
    }
}
