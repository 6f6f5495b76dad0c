using System.Collections.Concurrent;

namespace CodeChill.Server.Auth;

/// <summary>A session is over (<paramref name="SessionId"/>), or with null every session of the user.</summary>
internal sealed record SessionsEnded(string UserId, string? SessionId)
{
    public bool Covers(Caller caller) => caller.UserId == UserId && (SessionId is null || SessionId == caller.SessionId);
}

/// <summary>
/// Whether the session behind a token still stands. The database is the truth; what it said is remembered for
/// <see cref="MaxAge"/>, so a busy client costs one query every two seconds and a session ended on another node is noticed as fast. What is
/// ended on this node is over at once: it is remembered before it is written, and <see cref="Ended"/> tells whoever holds sockets.
/// </summary>
internal sealed class SessionRegistry(SessionStore store, TimeProvider clock)
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _ended = new(StringComparer.Ordinal);

    /// <summary>Raised on the thread that ended the session, after it was written; handlers must be quick.</summary>
    public event Action<SessionsEnded>? Ended;

    public ValueTask<SessionState?> FindAsync(string sessionId, CancellationToken cancel)
        => FindAsync(sessionId, () => store.FindAsync(sessionId, cancel));

    public ValueTask<SessionState?> FindProviderAsync(string fingerprint, string issuer, string subject, CancellationToken cancel)
        => FindAsync(fingerprint, () => store.FindProviderAsync(fingerprint, issuer, subject, cancel));

    /// <summary>Logs one caller out: its session, or its provider's token with the sessions that token opened.</summary>
    public async Task EndAsync(Caller caller, CancellationToken cancel)
    {
        var sessionId = caller.SessionId ?? throw new ArgumentException("A caller without a session cannot be logged out.", nameof(caller));
        Remember(sessionId);
        IReadOnlyList<string> opened = [];
        if (Tokens.UnverifiedToken.IsFingerprint(sessionId))
            opened = await store.EndTokenAsync(sessionId, caller.UserId, caller.ExpiresAt, cancel);
        else
            await store.EndAsync(sessionId, cancel);
        Announce(new(caller.UserId, sessionId));
        foreach (var other in opened)
        {
            Remember(other);
            Announce(new(caller.UserId, other));
        }
    }

    /// <summary>The session was ended in the database already (a refresh token came twice).</summary>
    public void WasEnded(string userId, string sessionId)
    {
        Remember(sessionId);
        Announce(new(userId, sessionId));
    }

    /// <summary>Every session of the user was ended in the database already (the account is gone).</summary>
    public void UserWasEnded(string userId)
    {
        Remember(userId);
        Announce(new(userId, null));
    }

    /// <summary>Name or picture changed: the next request reads them anew.</summary>
    public void Refresh(string sessionId) => _known.TryRemove(sessionId, out _);

    /// <summary>Drops what is too old to matter.</summary>
    public void Sweep()
    {
        var now = clock.GetTimestamp();
        foreach (var (id, known) in _known)
        {
            if (clock.GetElapsedTime(known.At, now) > MaxAge)
                _known.TryRemove(id, out _);
        }

        // By now the database says so itself, and no read that began before is still on its way.
        foreach (var (id, at) in _ended)
        {
            if (clock.GetElapsedTime(at, now) > TimeSpan.FromMinutes(2))
                _ended.TryRemove(id, out _);
        }
    }

    private async ValueTask<SessionState?> FindAsync(string id, Func<Task<SessionState?>> read)
    {
        var now = clock.GetTimestamp();
        if (!_known.TryGetValue(id, out var known) || clock.GetElapsedTime(known.At, now) > MaxAge)
        {
            var state = await read();
            // Unknown sessions are not remembered: made-up ids must not fill the memory.
            if (state is null)
                return null;
            _known[id] = known = new(state, now);
        }

        return _ended.ContainsKey(id) || _ended.ContainsKey(known.State.UserId) ? known.State with { IsEnded = true } : known.State;
    }

    private void Remember(string id)
    {
        _ended[id] = clock.GetTimestamp();
        _known.TryRemove(id, out _);
    }

    private void Announce(SessionsEnded ended) => Ended?.Invoke(ended);

    private sealed record Known(SessionState State, long At);
}
