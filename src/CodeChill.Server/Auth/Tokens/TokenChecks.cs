using System.Text.Json;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>What an issuer's tokens look like. A header may carry only a <c>typ</c> of the list, or none when it has null.</summary>
internal sealed record TokenRules(string Issuer, string Audience, string Algorithm, IReadOnlyList<string?> Types);

/// <summary>
/// The checks of a token, one each, in the order <see cref="TokenValidator"/> calls them. RFC 8725 is the checklist. Each answers null when it passes.
/// </summary>
internal static class TokenChecks
{
    /// <summary>How far the clocks of two machines may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    // 9999-12-31: a later second is no time .NET knows, and no issuer means it.
    private const long LastSecond = 253_402_300_799;

    // What a header may say. Whatever brings its own key (jku, jwk, x5u, x5c) or changes what is signed (b64, crit, zip) is refused, not ignored.
    private static readonly string[] KnownHeaders = ["alg", "typ", "kid", "cty", "x5t", "x5t#S256"];

    // Claims that only ID tokens and logout tokens carry (OpenID Connect Core §2, §3.3.2.11; Back-Channel Logout §2.4).
    private static readonly string[] OtherUses = ["nonce", "at_hash", "c_hash", "s_hash", "events"];

    /// <summary>RFC 7515 §4.1.11, RFC 8725 §3.10.</summary>
    public static Error? Headers(UnverifiedToken token)
        => token.Header.EnumerateObject().All(header => KnownHeaders.Contains(header.Name)) ? null : AuthErrors.InvalidToken;

    /// <summary>RFC 8725 §3.1: the algorithm is ours to name; the token may only agree.</summary>
    public static Error? Algorithm(UnverifiedToken token, TokenRules rules)
        => UnverifiedToken.TextOf(token.Header, "alg") == rules.Algorithm ? null : AuthErrors.InvalidToken;

    /// <summary>RFC 8725 §3.11, RFC 9068 §2.1.</summary>
    public static Error? Type(UnverifiedToken token, TokenRules rules)
    {
        if (!token.Header.TryGetProperty("typ", out var type))
            return rules.Types.Contains(null) ? null : AuthErrors.InvalidToken;
        return type.ValueKind == JsonValueKind.String && rules.Types.Any(known => type.GetString()!.Equals(known, StringComparison.OrdinalIgnoreCase))
            ? null
            : AuthErrors.InvalidToken;
    }

    public static Error? Issuer(UnverifiedToken token, TokenRules rules)
        => token.Issuer == rules.Issuer ? null : AuthErrors.InvalidToken;

    /// <summary>RFC 7519 §4.1.3: a text or a list of texts.</summary>
    public static Error? Audience(UnverifiedToken token, TokenRules rules)
    {
        if (!token.Payload.TryGetProperty("aud", out var audience))
            return AuthErrors.InvalidToken;
        var fits = audience.ValueKind switch
        {
            JsonValueKind.String => audience.GetString() == rules.Audience,
            JsonValueKind.Array => audience.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String)
                && audience.EnumerateArray().Any(one => one.GetString() == rules.Audience),
            _ => false,
        };
        return fits ? null : AuthErrors.InvalidToken;
    }

    /// <summary>RFC 7519 §4.1.4. A token without an end is no token; an end that is not a plain number is not read at all.</summary>
    public static Error? Expiry(UnverifiedToken token, DateTimeOffset now)
    {
        if (Seconds(token, "exp") is not { } end)
            return AuthErrors.InvalidToken;
        return now < end + ClockSkew ? null : AuthErrors.TokenExpired;
    }

    /// <summary>RFC 7519 §4.1.5 and §4.1.6.</summary>
    public static Error? Beginning(UnverifiedToken token, DateTimeOffset now)
        => HasBegun(token, "nbf", now) && HasBegun(token, "iat", now) ? null : AuthErrors.InvalidToken;

    /// <summary>An ID token says who signed in; it does not allow anything.</summary>
    public static Error? Use(UnverifiedToken token)
    {
        if (OtherUses.Any(name => token.Payload.TryGetProperty(name, out _)))
            return AuthErrors.InvalidToken;
        return !token.Payload.TryGetProperty("token_use", out var use) || (use.ValueKind == JsonValueKind.String && use.GetString() == "access")
            ? null
            : AuthErrors.InvalidToken;
    }

    public static Error? Subject(UnverifiedToken token)
        => UnverifiedToken.TextOf(token.Payload, "sub") is { Length: > 0 and <= 255 } subject && !string.IsNullOrWhiteSpace(subject)
            ? null
            : AuthErrors.InvalidPayload;

    public static Error? Session(SessionState state) => state.IsEnded ? AuthErrors.InvalidToken : null;

    public static Error? ActiveUser(SessionState state) => state.IsActive ? null : AuthErrors.InvalidToken;

    /// <summary>A NumericDate, or null when it is absent, a text, negative, or beyond the calendar.</summary>
    public static DateTimeOffset? Seconds(UnverifiedToken token, string name)
        => token.Payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var seconds) && seconds is > 0 and <= LastSecond
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;

    private static bool HasBegun(UnverifiedToken token, string name, DateTimeOffset now)
        => !token.Payload.TryGetProperty(name, out _) || (Seconds(token, name) is { } begin && begin <= now + ClockSkew);
}
