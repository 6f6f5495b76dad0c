using System.Text.Json;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>Whom a genuine access token of the provider speaks for, and what it says about them (null: it does not say).</summary>
internal sealed record ProviderIdentity(
    string Issuer,
    string Subject,
    string Fingerprint,
    string Token,
    DateTimeOffset ExpiresAt,
    ProviderProfile Profile);

internal sealed record ProviderProfile(string? Email, bool? EmailVerified, string? Name, string? Picture)
{
    public static readonly ProviderProfile Empty = new(null, null, null, null);

    public bool IsComplete => Email is not null && Name is not null && Picture is not null;

    /// <summary>This profile with its gaps filled. A verified mark stays with the address it was given for.</summary>
    public ProviderProfile Or(ProviderProfile other) => new(
        Email ?? other.Email,
        Email is not null ? EmailVerified ?? (Email == other.Email ? other.EmailVerified : null) : other.EmailVerified,
        Name ?? other.Name,
        Picture ?? other.Picture);

    /// <summary>What the provider states, in a token or at its userinfo endpoint.</summary>
    public static ProviderProfile From(JsonElement claims) => new(
        Clean(UnverifiedToken.TextOf(claims, "email"), 320),
        claims.TryGetProperty("email_verified", out var verified) ? verified.ValueKind == JsonValueKind.True : null,
        Clean(UnverifiedToken.TextOf(claims, "name"), 255),
        CleanPicture(UnverifiedToken.TextOf(claims, "picture")));

    /// <summary>What a client says about itself; nothing in it is verified.</summary>
    public static ProviderProfile Claimed(string? email, string? name, string? picture)
        => new(Clean(email, 320) is { } address && address.Contains('@', StringComparison.Ordinal) ? address : null, null, Clean(name, 255), CleanPicture(picture));

    private static string? Clean(string? text, int maxLength)
        => text?.Trim() is { Length: > 0 } clean && clean.Length <= maxLength && !clean.Any(char.IsControl) ? clean : null;

    // Others' browsers load it: nothing but a web address.
    private static string? CleanPicture(string? text)
        => Clean(text, 2048) is { } clean && Uri.TryCreate(clean, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" ? clean : null;
}
