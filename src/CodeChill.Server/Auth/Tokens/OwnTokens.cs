using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeChill.Server.Auth.Tokens;

/// <summary>
/// The tokens this application gives out. Access tokens are signed (HS256, key derived from <c>SECRET_KEY</c>) and name a session; refresh
/// tokens are 256 random bits of which only a hash is kept.
/// </summary>
internal sealed class OwnTokens
{
    public const string Issuer = "urn:codechill";
    public const string Audience = "urn:codechill:api";
    public const string SessionClaim = "sid";

    private readonly AuthOptions _options;
    private readonly TimeProvider _clock;
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly SigningCredentials _credentials;

    public OwnTokens(AuthOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        // One secret, one purpose: the key is not the secret itself, so nothing else made from the secret can be taken for a signature.
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(options.SecretKey), 32, info: "codechill access tokens v1"u8.ToArray());
        Key = new SymmetricSecurityKey(key);
        _credentials = new SigningCredentials(Key, SecurityAlgorithms.HmacSha256);
    }

    public static TokenRules Rules { get; } = new(Issuer, Audience, SecurityAlgorithms.HmacSha256, ["at+jwt"]);

    public SecurityKey Key { get; }

    public string Access(string userId, string sessionId)
    {
        var now = _clock.GetUtcNow();
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            TokenType = "at+jwt",
            IssuedAt = now.UtcDateTime,
            Expires = (now + _options.AccessTokenLifetime).UtcDateTime,
            Claims = new Dictionary<string, object> { ["sub"] = userId, [SessionClaim] = sessionId, ["jti"] = Guid.NewGuid().ToString() },
            SigningCredentials = _credentials,
        });
    }

    public static (string Token, string Hash) Refresh()
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, HashOf(token));
    }

    /// <summary>A fast hash is enough: there is nothing to guess in 256 random bits.</summary>
    public static string HashOf(string refreshToken) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken)));
}
