using CodeChill.Server.Platform;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>
/// Theory of operation. Every token, of REST and of sockets, passes here and nowhere else. The unverified issuer chooses whose rules and
/// keys apply (the provider's or ours) before any key is touched, so no key is ever tried on a token it was not made for. Then each check
/// of <see cref="TokenChecks"/> is called by name: shape, headers, algorithm, type, audience, key, signature, times, use, subject, session, user.
/// Only a genuine signature earns the answer "expired"; all other failures look the same from outside.
/// </summary>
internal sealed class TokenValidator(
    AuthOptions options, OwnTokens own, SessionRegistry sessions, TimeProvider clock, ProviderAccounts? accounts = null, ProviderKeys? keys = null)
{
    private static readonly IReadOnlyList<string?> ProviderTypes = [null, "JWT", "at+jwt", "application/at+jwt"];

    // Tokens we do not map, whose times we check with our own clock; the handler checks what cryptography can check.
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = UnverifiedToken.MaxLength };

    /// <summary>The caller behind an access token of either kind. A provider's user who was never here gets an account.</summary>
    public async ValueTask<Outcome<Caller>> ValidateAsync(string? token, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(token))
            return AuthErrors.TokenRequired;
        if (UnverifiedToken.Parse(token) is not { } unverified)
            return AuthErrors.InvalidToken;
        var outcome = unverified.Issuer == OwnTokens.Issuer ? await ValidateOwnAsync(unverified, cancel) : await ValidateForeignAsync(unverified, cancel);
        // Only the sign-in routes know a 400 for a token that says too little.
        return outcome.Error == AuthErrors.InvalidPayload ? AuthErrors.InvalidToken : outcome;
    }

    /// <summary>What signing in with the provider's token needs: the verified identity, before anybody is looked up. Our own tokens are not accepted.</summary>
    public async ValueTask<Outcome<ProviderIdentity>> ValidateProviderAsync(string? token, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(token))
            return AuthErrors.TokenRequired;
        if (UnverifiedToken.Parse(token) is not { } unverified || unverified.Issuer == OwnTokens.Issuer)
            return AuthErrors.InvalidToken;
        return await VerifyProviderAsync(unverified, cancel);
    }

    private async ValueTask<Outcome<Caller>> ValidateForeignAsync(UnverifiedToken token, CancellationToken cancel)
    {
        var verified = await VerifyProviderAsync(token, cancel);
        return verified.Error is { } error ? error : await FindCallerAsync(verified.Value!, cancel);
    }

    private async ValueTask<Outcome<Caller>> ValidateOwnAsync(UnverifiedToken token, CancellationToken cancel)
    {
        var rules = OwnTokens.Rules;
        var now = clock.GetUtcNow();
        if (TokenChecks.Headers(token) is { } header)
            return header;
        if (TokenChecks.Algorithm(token, rules) is { } algorithm)
            return algorithm;
        if (TokenChecks.Type(token, rules) is { } type)
            return type;
        if (await SignatureAsync(token, rules, own.Key) is { } signature)
            return signature;
        if (Claims(token, rules, now) is { } claims)
            return claims;
        var sessionId = Ids.Canonical(UnverifiedToken.TextOf(token.Payload, OwnTokens.SessionClaim));
        if (sessionId is null || await sessions.FindAsync(sessionId, cancel) is not { } state)
            return AuthErrors.InvalidToken;
        if (state.UserId != UnverifiedToken.TextOf(token.Payload, "sub"))
            return AuthErrors.InvalidToken;
        return Standing(state, sessionId, token);
    }

    private async ValueTask<Outcome<ProviderIdentity>> VerifyProviderAsync(UnverifiedToken token, CancellationToken cancel)
    {
        if (keys is null || options.Provider is not { } provider)
            return AuthErrors.InvalidToken;
        // Strangers' tokens must not make us talk to the provider: the issuer is compared with what we were configured with first.
        if (token.Issuer?.TrimEnd('/') != provider.Authority.AbsoluteUri.TrimEnd('/'))
            return AuthErrors.InvalidToken;
        var rules = new TokenRules(token.Issuer, provider.Audience, SecurityAlgorithms.RsaSha256, ProviderTypes);
        if (TokenChecks.Headers(token) is { } header)
            return header;
        if (TokenChecks.Algorithm(token, rules) is { } algorithm)
            return algorithm;
        if (TokenChecks.Type(token, rules) is { } type)
            return type;
        if (TokenChecks.Audience(token, rules) is { } audience)
            return audience;
        if (UnverifiedToken.TextOf(token.Header, "kid") is not { Length: > 0 and <= 256 } keyId)
            return AuthErrors.InvalidToken;
        if (await keys.PublishedAsync(cancel) is not { } published)
            return AuthErrors.ProviderUnavailable;
        if (TokenChecks.Issuer(token, rules with { Issuer = published.Issuer }) is { } issuer)
            return issuer;
        if (await keys.FindAsync(keyId, cancel) is not { } key)
            return keys.IsReachable ? AuthErrors.InvalidToken : AuthErrors.ProviderUnavailable;
        if (await SignatureAsync(token, rules, key) is { } signature)
            return signature;
        if (Claims(token, rules, clock.GetUtcNow()) is { } claims)
            return claims;
        return new ProviderIdentity(
            token.Issuer,
            UnverifiedToken.TextOf(token.Payload, "sub")!,
            token.Fingerprint,
            token.Text,
            TokenChecks.Seconds(token, "exp")!.Value,
            ProviderProfile.From(token.Payload));
    }

    private static Error? Claims(UnverifiedToken token, TokenRules rules, DateTimeOffset now)
        => TokenChecks.Issuer(token, rules)
            ?? TokenChecks.Audience(token, rules)
            ?? TokenChecks.Beginning(token, now)
            ?? TokenChecks.Expiry(token, now)
            ?? TokenChecks.Use(token)
            ?? TokenChecks.Subject(token);

    private async ValueTask<Outcome<Caller>> FindCallerAsync(ProviderIdentity identity, CancellationToken cancel)
    {
        var state = await sessions.FindProviderAsync(identity.Fingerprint, identity.Issuer, identity.Subject, cancel);
        if (state is null)
        {
            var created = await accounts!.EnsureAsync(identity, ProviderProfile.Empty, refresh: false, cancel);
            if (created.Error is { } error)
                return error;
            state = await sessions.FindProviderAsync(identity.Fingerprint, identity.Issuer, identity.Subject, cancel);
            if (state is null)
                return AuthErrors.InvalidToken;
        }

        if (TokenChecks.Session(state) is { } session)
            return session;
        if (TokenChecks.ActiveUser(state) is { } user)
            return user;
        return new Caller(state.UserId, state.Name, state.Picture, identity.Fingerprint, identity.ExpiresAt, state.IsGuest);
    }

    private static Outcome<Caller> Standing(SessionState state, string sessionId, UnverifiedToken token)
    {
        if (TokenChecks.Session(state) is { } session)
            return session;
        if (TokenChecks.ActiveUser(state) is { } user)
            return user;
        return new Caller(state.UserId, state.Name, state.Picture, sessionId, TokenChecks.Seconds(token, "exp")!.Value, state.IsGuest);
    }

    private async Task<Error?> SignatureAsync(UnverifiedToken token, TokenRules rules, SecurityKey key)
    {
        var result = await _handler.ValidateTokenAsync(token.Text, new TokenValidationParameters
        {
            ValidIssuer = rules.Issuer,
            ValidAudience = rules.Audience,
            ValidAlgorithms = [rules.Algorithm],
            IssuerSigningKey = key,
            RequireSignedTokens = true,
            // Times are checked afterwards with the injected clock; the handler knows only the machine's.
            ValidateLifetime = false,
        });
        return result.IsValid ? null : AuthErrors.InvalidToken;
    }
}
