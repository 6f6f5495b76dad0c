using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>
/// The shape of a token and nothing more: three base64url parts, header and payload JSON objects in which no name comes twice. Everything
/// in it is what its sender wants us to believe until a signature says otherwise.
/// </summary>
internal sealed class UnverifiedToken
{
    /// <summary>Real access tokens are 0.5–3 KB; more is only work for the parser.</summary>
    public const int MaxLength = 8 * 1024;

    private const string FingerprintPrefix = "idp.";

    // RFC 8725 §2.4 and §3.10: two parsers must not read two different claims out of one token.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private UnverifiedToken(string text, JsonElement header, JsonElement payload)
    {
        Text = text;
        Header = header;
        Payload = payload;
    }

    public string Text { get; }

    public JsonElement Header { get; }

    public JsonElement Payload { get; }

    public string? Issuer => TextOf(Payload, "iss");

    /// <summary>
    /// Names one token. The signature is left out: its last character has unused bits, so one signature has several spellings and a
    /// logged-out token could come back under another.
    /// </summary>
    public string Fingerprint
        => FingerprintPrefix + Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Text[..Text.LastIndexOf('.')])));

    public static bool IsFingerprint(string sessionId) => sessionId.StartsWith(FingerprintPrefix, StringComparison.Ordinal);

    public static UnverifiedToken? Parse(string text)
    {
        if (text.Length > MaxLength)
            return null;
        var parts = text.Split('.');
        // Five parts would be an encrypted token (and its zip bombs); nobody sends us those.
        if (parts.Length != 3 || parts.Any(part => part.Length == 0 || part.AsSpan().ContainsAnyExcept(Base64UrlCharacters)))
            return null;
        return ParseObject(parts[0]) is { } header && ParseObject(parts[1]) is { } payload ? new(text, header, payload) : null;
    }

    /// <summary>The text under a name, or null when it is absent or not a text.</summary>
    public static string? TextOf(JsonElement element, string name)
        => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static readonly System.Buffers.SearchValues<char> Base64UrlCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static JsonElement? ParseObject(string part)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception failure) when (failure is JsonException or FormatException)
        {
            return null;
        }
    }
}
