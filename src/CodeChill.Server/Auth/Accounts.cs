using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Platform;
using CodeChill.Server.Users;

namespace CodeChill.Server.Auth;

/// <summary>What every way of signing in answers.</summary>
internal sealed record SignedIn(string AccessToken, string RefreshToken, User User);

/// <summary>Signing in, staying signed in, and leaving.</summary>
internal sealed class Accounts(
    AuthOptions options,
    UserStore users,
    SessionStore sessions,
    SessionRegistry registry,
    TokenValidator tokens,
    OwnTokens own,
    Passwords passwords,
    SignInLimits limits,
    TimeProvider clock,
    ProviderAccounts? provider = null)
{
    private const int MaxNameLength = 100;

    /// <summary>An account was deleted and its user left every room; raised after it is written.</summary>
    public event Action<string>? Deleted;

    public async Task<Outcome<SignedIn>> GuestAsync(string? name, CancellationToken cancel)
    {
        if (!options.AllowGuests)
            return AuthErrors.GuestsOff;
        if (CleanName(name) is not { } clean)
            return AuthErrors.NameRequired;
        var user = NewUser(clean) with { IsGuest = true };
        await users.CreateAsync(user, cancel);
        return await OpenAsync(user, openedBy: null, cancel);
    }

    public async Task<Outcome<SignedIn>> RegisterAsync(string? email, string? password, string? name, CancellationToken cancel)
    {
        if (!options.AllowLocalAccounts)
            return AuthErrors.LocalAccountsOff;
        if (CleanEmail(email) is not { } clean)
            return AuthErrors.InvalidEmail;
        if (password is not { Length: >= 8 and <= 256 })
            return AuthErrors.PasswordLength;
        if (CleanName(name) is not { } cleanName)
            return AuthErrors.NameRequired;
        var hash = await passwords.HashAsync(password, cancel);
        if (hash.Error is { } busy)
            return busy;
        var user = NewUser(cleanName) with { Email = clean, LoginEmail = LoginKey(clean), PasswordHash = hash.Value };
        return await users.CreateAsync(user, cancel) ? await OpenAsync(user, openedBy: null, cancel) : AuthErrors.EmailTaken;
    }

    public async Task<Outcome<SignedIn>> LoginAsync(string? email, string? password, string address, CancellationToken cancel)
    {
        if (!options.AllowLocalAccounts)
            return AuthErrors.LocalAccountsOff;
        if (CleanEmail(email) is not { } clean || password is not { Length: > 0 and <= 256 })
            return AuthErrors.WrongPassword;
        var key = LoginKey(clean);
        if (limits.Refuse(key, address) is { } refused)
            return refused;
        var user = await users.FindByLoginAsync(key, cancel);
        var verdict = await passwords.VerifyAsync(user?.PasswordHash, password, cancel);
        if (verdict.Error is { } busy)
            return busy;
        if (verdict.Value == PasswordVerdict.Wrong || user is not { IsActive: true })
            return AuthErrors.WrongPassword;
        limits.Succeeded(key, address);
        if (verdict.Value == PasswordVerdict.RightButOldHash && (await passwords.HashAsync(password, cancel)).Value is { } hash)
            await users.UpdatePasswordHashAsync(user.Id, hash, cancel);
        return await OpenAsync(user, openedBy: null, cancel);
    }

    /// <summary>Signs in with the identity provider's access token.</summary>
    public async Task<Outcome<SignedIn>> ProviderLoginAsync(string? token, CancellationToken cancel)
    {
        var found = await FromProviderAsync(token, ProviderProfile.Empty, cancel);
        return found.Error is { } error ? error : await OpenAsync(found.Value.User, found.Value.Identity.Fingerprint, cancel);
    }

    /// <summary>Brings the account up to date with the provider, without opening a session.</summary>
    public async Task<Outcome<User>> SyncAsync(string? token, ProviderProfile fallback, CancellationToken cancel)
    {
        var found = await FromProviderAsync(token, fallback, cancel);
        return found.Error is { } error ? error : found.Value.User;
    }

    public async Task<Outcome<SignedIn>> RefreshAsync(string? refreshToken, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(refreshToken))
            return AuthErrors.TokenRequired;
        var (next, nextHash) = OwnTokens.Refresh();
        var result = await sessions.RotateAsync(OwnTokens.HashOf(refreshToken), nextHash, options.SessionLifetime, cancel);
        switch (result.Verdict)
        {
            case RefreshVerdict.Rotated:
                break;
            case RefreshVerdict.Expired:
                return AuthErrors.TokenExpired;
            case RefreshVerdict.Reused:
                registry.WasEnded(result.UserId!, result.SessionId!);
                return AuthErrors.InvalidToken;
            case RefreshVerdict.Ended:
                return await users.FindAsync(result.UserId!, cancel) is { IsActive: false } ? UserErrors.NotFound : AuthErrors.InvalidToken;
            default:
                return AuthErrors.InvalidToken;
        }

        return await users.FindAsync(result.UserId!, cancel) is { IsActive: true } user
            ? new SignedIn(own.Access(user.Id, result.SessionId!), next, user)
            : UserErrors.NotFound;
    }

    public Task LogoutAsync(Caller caller, CancellationToken cancel) => registry.EndAsync(caller, cancel);

    /// <summary>Soft delete; the account's rooms are left and every token of it stops working.</summary>
    public async Task<Outcome<bool>> DeleteAsync(Caller caller, CancellationToken cancel)
        => await DeleteAsync(caller.UserId, cancel) ? true : UserErrors.NotFound;

    /// <summary>False when there is no such active account.</summary>
    public async Task<bool> DeleteAsync(string userId, CancellationToken cancel)
    {
        if (!await users.DeactivateAsync(userId, cancel))
            return false;
        registry.UserWasEnded(userId);
        Deleted?.Invoke(userId);
        return true;
    }

    private async Task<Outcome<(ProviderIdentity Identity, User User)>> FromProviderAsync(string? token, ProviderProfile fallback, CancellationToken cancel)
    {
        var verified = await tokens.ValidateProviderAsync(token, cancel);
        if (verified.Error is { } error)
            return error;
        var identity = verified.Value!;
        var user = await provider!.EnsureAsync(identity, fallback, refresh: true, cancel);
        if (user.Error is { } refused)
            return refused;
        // A token that was logged out must not sign in again.
        if (await registry.FindProviderAsync(identity.Fingerprint, identity.Issuer, identity.Subject, cancel) is not { IsEnded: false, IsActive: true })
            return AuthErrors.InvalidToken;
        return (identity, user.Value!);
    }

    private async Task<Outcome<SignedIn>> OpenAsync(User user, string? openedBy, CancellationToken cancel)
    {
        var (refresh, hash) = OwnTokens.Refresh();
        var id = Ids.New(clock);
        await sessions.CreateAsync(id, user.Id, openedBy, hash, clock.GetUtcNow() + options.SessionLifetime, cancel);
        return new SignedIn(own.Access(user.Id, id), refresh, user);
    }

    private User NewUser(string name)
    {
        var now = clock.GetUtcNow();
        // A picture or handles come later; the stored time has milliseconds, so the answer must not show more.
        now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        return new() { Id = Ids.New(clock), Name = name, CreatedAt = now, UpdatedAt = now };
    }

    private static string? CleanName(string? name)
        => name?.Trim() is { Length: > 0 and <= MaxNameLength } clean && !clean.Any(char.IsControl) ? clean : null;

    /// <summary>Only what every address has: one @, a domain with a dot, no blanks. Whether it exists only a mail to it would tell.</summary>
    private static string? CleanEmail(string? email)
    {
        var clean = email?.Trim();
        if (clean is not { Length: > 4 and <= 254 } || clean.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            return null;
        var at = clean.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at == clean.LastIndexOf('@') && clean.IndexOf('.', at) > at + 1 && !clean.EndsWith('.') ? clean : null;
    }

    private static string LoginKey(string email) => email.Normalize().ToLowerInvariant();
}
