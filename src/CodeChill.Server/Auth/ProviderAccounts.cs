using System.Net.Http.Headers;
using System.Text.Json;
using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Platform;
using CodeChill.Server.Users;

namespace CodeChill.Server.Auth;

/// <summary>
/// The accounts of the provider's users. An account belongs to (issuer, subject) and to nothing else: an e-mail address never finds one,
/// because anybody can claim an address. What the token does not say is asked of the provider's userinfo endpoint.
/// </summary>
internal sealed class ProviderAccounts(
    UserStore users, ProviderKeys keys, IHttpClientFactory http, TimeProvider clock, ILogger<ProviderAccounts> log)
{
    // A token without an e-mail address costs a request to the provider each time it comes; a few tries a minute are enough for one person.
    private readonly EventRateLimiter _lookups = new(burst: 5, perSecond: 0.1, clock);

    /// <summary>
    /// The identity's account, made now when there is none. With <paramref name="refresh"/> (signing in) what the provider says is stored
    /// again. <paramref name="fallback"/> is the client's own word and fills only what the provider leaves out.
    /// </summary>
    public async Task<Outcome<User>> EnsureAsync(ProviderIdentity identity, ProviderProfile fallback, bool refresh, CancellationToken cancel)
    {
        var user = await users.FindByIdentityAsync(identity.Issuer, identity.Subject, cancel);
        if (user is { IsActive: false })
            return AuthErrors.InvalidToken;
        if (user is not null && !refresh)
            return user;

        var profile = identity.Profile;
        if (!profile.IsComplete)
        {
            var asked = await AskAsync(identity, cancel);
            // Somebody who has an account can sign in while the provider's userinfo is down; a new account needs an address.
            if (asked.Error is { } error && user is null && profile.Email is null && fallback.Email is null)
                return error;
            profile = profile.Or(asked.Value ?? ProviderProfile.Empty);
        }

        if (user is not null)
        {
            var sameEmail = profile.Email is null || profile.Email == user.Email;
            await users.UpdateFromProviderAsync(
                user.Id,
                profile.Email,
                profile.Picture ?? (user.Picture is null ? fallback.Picture : null),
                profile.EmailVerified ?? (sameEmail && user.IsVerified),
                cancel);
            return await users.FindAsync(user.Id, cancel) is { } updated ? updated : AuthErrors.InvalidToken;
        }

        return await CreateAsync(identity, profile.Or(fallback with { EmailVerified = null }), cancel);
    }

    private async Task<Outcome<User>> CreateAsync(ProviderIdentity identity, ProviderProfile profile, CancellationToken cancel)
    {
        if (profile.Email is null)
            return AuthErrors.InvalidPayload;
        var now = clock.GetUtcNow();
        var user = new User
        {
            Id = Ids.New(clock),
            Email = profile.Email,
            Name = profile.Name ?? profile.Email.Split('@')[0],
            Picture = profile.Picture,
            IdentityIssuer = identity.Issuer,
            IdentitySubject = identity.Subject,
            IsVerified = profile.EmailVerified == true,
            CreatedAt = now,
            UpdatedAt = now,
        };
        if (await users.CreateAsync(user, cancel))
            return user;
        // Two first requests at once: the other one made it.
        return await users.FindByIdentityAsync(identity.Issuer, identity.Subject, cancel) is { IsActive: true } other ? other : AuthErrors.InvalidToken;
    }

    private async Task<Outcome<ProviderProfile>> AskAsync(ProviderIdentity identity, CancellationToken cancel)
    {
        if (keys.Current?.UserInfoUrl is not { } url || !_lookups.TryTake(identity.Subject))
            return ProviderProfile.Empty;
        try
        {
            using var client = http.CreateClient(ProviderKeys.HttpClientName);
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", identity.Token);
            using var response = await client.SendAsync(request, cancel);
            // 4xx: this token may not ask (its scope lacks openid). That is an answer, not an outage.
            if ((int)response.StatusCode is >= 400 and < 500)
                return ProviderProfile.Empty;
            response.EnsureSuccessStatusCode();
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancel));
            // OpenID Connect Core §5.3.2: an answer about somebody else must not be used.
            return document.RootElement.ValueKind == JsonValueKind.Object && UnverifiedToken.TextOf(document.RootElement, "sub") == identity.Subject
                ? ProviderProfile.From(document.RootElement)
                : ProviderProfile.Empty;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            log.LogWarning("The identity provider's userinfo endpoint did not answer: {Reason}", failure.Message);
            return AuthErrors.ProviderUnavailable;
        }
    }
}
