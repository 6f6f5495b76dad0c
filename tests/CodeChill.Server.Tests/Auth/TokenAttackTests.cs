using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeChill.Server.Auth;
using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Platform;
using Dapper;
using Microsoft.IdentityModel.Tokens;
using static CodeChill.Server.Tests.Auth.TokenForge;

namespace CodeChill.Server.Tests.Auth;

/// <summary>
/// The list of token attacks, one row each, against a server that trusts both a tenant and itself. Every row must be refused by the REST
/// edge, where REST and sockets meet (<see cref="TokenValidator"/>), with the status and words of the wire contract.
/// </summary>
public sealed class TokenAttackTests(TokenAttackTests.Target target) : IClassFixture<TokenAttackTests.Target>
{
    private const string Invalid = "Invalid token";

    /// <summary>Number and what is sent; the answer is <c>Invalid token</c> unless the row says otherwise.</summary>
    private static readonly Dictionary<string, Func<Target, string>> Attacks = new()
    {
        ["01 alg none"] = t => Join(Header("none", t.KeyId).ToJsonString(), t.Claims().ToJsonString(), []),
        ["01b alg none, empty signature part kept"] = t => $"{Part(Header("none", t.KeyId).ToJsonString())}.{Part(t.Claims().ToJsonString())}.AA",
        ["02 alg nOnE"] = t => $"{Part(Header("nOnE", t.KeyId).ToJsonString())}.{Part(t.Claims().ToJsonString())}.AA",
        ["03 empty signature"] = t => t.Good()[..(t.Good().LastIndexOf('.') + 1)],
        ["03b signature of another token"] = t => t.Good()[..t.Good().LastIndexOf('.')] + t.Provider.Token("auth0|bob")[t.Provider.Token("auth0|bob").LastIndexOf('.')..],
        ["03c one bit of the signature"] = t => Flip(t.Good()),
        ["04 HS256 keyed with the public PEM"] = t =>
            Hmac(Encoding.ASCII.GetBytes(t.Provider.Key.Key.ExportSubjectPublicKeyInfoPem()), Header("HS256", t.KeyId).ToJsonString(), t.Claims().ToJsonString()),
        ["04b HS256 keyed with the public DER"] = t =>
            Hmac(t.Provider.Key.Key.ExportSubjectPublicKeyInfo(), Header("HS256", t.KeyId).ToJsonString(), t.Claims().ToJsonString()),
        ["05 HS256 keyed with the JWK text"] = t =>
            Hmac(Encoding.ASCII.GetBytes(t.Provider.Key.PublicJwk().ToJsonString()), Header("HS256", t.KeyId).ToJsonString(), t.Claims().ToJsonString()),
        ["06 our key under the provider's issuer"] = t => Hmac(t.OwnKey, Header("HS256", t.KeyId).ToJsonString(), t.Claims().ToJsonString()),
        ["06b our secret itself as the key of our token"] = t => Hmac(Encoding.UTF8.GetBytes(t.Secret), OwnHeader, t.OwnClaims().ToJsonString()),
        ["07 provider's key under our issuer"] = t => t.Provider.Key.Sign(Header("RS256", t.KeyId, "at+jwt").ToJsonString(), t.OwnClaims().ToJsonString()),
        ["08 other tenant"] = t => t.OtherTenantKey.Sign(t.Claims(c => c["iss"] = "https://other.eu.auth0.com/")),
        ["08b other tenant's key under our tenant's key id"] = t => t.OtherTenantKey.Sign(t.Claims(), Header("RS256", t.KeyId)),
        ["09 issuer without the slash"] = t => t.Sign(c => c["iss"] = t.Provider.Issuer.TrimEnd('/')),
        ["09b issuer with more after it"] = t => t.Sign(c => c["iss"] = t.Provider.Issuer + "evil"),
        ["09c issuer look-alike"] = t => t.Sign(c => c["iss"] = t.Provider.Issuer.Replace("127.0.0.1", "127.0.0.1.evil.test", StringComparison.Ordinal)),
        ["09d issuer with two slashes"] = t => t.Sign(c => c["iss"] = t.Provider.Issuer + "/"),
        ["09e issuer in capitals"] = t => t.Sign(c => c["iss"] = t.Provider.Issuer.ToUpperInvariant()),
        ["09f issuer as a list"] = t => t.Sign(c => c["iss"] = new JsonArray(t.Provider.Issuer)),
        ["09g no issuer"] = t => t.Sign(c => c.Remove("iss")),
        ["10 no aud"] = t => t.Sign(c => c.Remove("aud")),
        ["11 other aud"] = t => t.Sign(c => c["aud"] = "https://other-api.test"),
        ["11b aud with ours as a prefix"] = t => t.Sign(c => c["aud"] = FakeIdentityProvider.Audience + "/v2"),
        ["11c aud as an object"] = t => t.Sign(c => c["aud"] = new JsonObject { [FakeIdentityProvider.Audience] = true }),
        ["11d aud list holding no text"] = t => t.Sign(c => c["aud"] = new JsonArray(FakeIdentityProvider.Audience, true)),
        ["12 ID token as access token"] = t => t.Sign(c => c["aud"] = FakeIdentityProvider.ClientId),
        ["12b ID token with our audience"] = t => t.Sign(c => c["nonce"] = "n-0S6_WzA2Mj"),
        ["12c token_use id"] = t => t.Sign(c => c["token_use"] = "id"),
        ["12d logout token"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", t.KeyId, "logout+jwt")),
        ["14 no exp"] = t => t.Sign(c => c.Remove("exp")),
        ["15 exp as text"] = t => t.Sign(c => c["exp"] = "4102444800"),
        ["15b exp negative"] = t => t.Sign(c => c["exp"] = -1),
        ["15c exp 1e308"] = t => t.SignText(json => Replace(json, "exp", "1e308")),
        ["15d exp 1e999"] = t => t.SignText(json => Replace(json, "exp", "1e999")),
        ["15e exp true"] = t => t.Sign(c => c["exp"] = true),
        ["15f exp null"] = t => t.Sign(c => c["exp"] = null),
        ["16 nbf in the future"] = t => t.Sign(c => c["nbf"] = Now + 120),
        ["16b nbf as text"] = t => t.Sign(c => c["nbf"] = "0"),
        ["16c issued in the future"] = t => t.Sign(c => c["iat"] = Now + 120),
        ["17 no sub"] = t => t.Sign(c => c.Remove("sub")),
        ["17b empty sub"] = t => t.Sign(c => c["sub"] = ""),
        ["17c blank sub"] = t => t.Sign(c => c["sub"] = "  "),
        ["17d sub true"] = t => t.Sign(c => c["sub"] = true),
        ["17e sub of 256 characters"] = t => t.Sign(c => c["sub"] = new string('s', 256)),
        ["18 unknown kid"] = t => t.OtherTenantKey.Sign(t.Claims()),
        ["18b no kid"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", null)),
        ["19 kid path"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", "../../../dev/null")),
        ["19b kid SQL"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", "key-1' OR '1'='1")),
        ["19c kid 64 KB"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", new string('k', 65536))),
        ["19d kid 1 KB"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS256", new string('k', 1024))),
        ["20 jku"] = t => t.OtherTenantKey.Sign(t.Claims(), With(Header("RS256", "evil"), "jku", "http://127.0.0.1:1/keys")),
        ["20b jku on a genuine token"] = t => t.Provider.Key.Sign(t.Claims(), With(Header("RS256", t.KeyId), "jku", t.Provider.Issuer + "keys")),
        ["20c x5u"] = t => t.OtherTenantKey.Sign(t.Claims(), With(Header("RS256", "evil"), "x5u", "http://127.0.0.1:1/cert")),
        ["21 embedded jwk"] = t => t.OtherTenantKey.Sign(t.Claims(), With(Header("RS256", t.OtherTenantKey.Id), "jwk", t.OtherTenantKey.PublicJwk())),
        ["22 unknown crit"] = t => t.Provider.Key.Sign(t.Claims(), With(Header("RS256", t.KeyId), "crit", new JsonArray("exp"))),
        ["22b b64 false"] = t => t.Provider.Key.Sign(t.Claims(), With(With(Header("RS256", t.KeyId), "b64", false), "crit", new JsonArray("b64"))),
        ["23 JWE zip bomb"] = _ => ZipBomb(),
        ["24 1 MB token"] = t => t.Sign(c => c["filler"] = new string('f', 1024 * 1024)),
        ["25 duplicate claim sub"] = t => t.SignText(json => json[..^1] + ",\"sub\":\"auth0|admin\"}"),
        ["25b duplicate claim, escaped"] = t => t.SignText(json => json[..^1] + ",\"s\\u0075b\":\"auth0|admin\"}"),
        ["25c duplicate header"] = t => t.Provider.Key.Sign("{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"" + t.KeyId + "\"}", t.Claims().ToJsonString()),
        ["26 refresh as access"] = t => t.Ann.Refresh,
        ["30b RSA below 2048 bits"] = t => t.ShortKey.Sign(t.Claims()),
        ["30c ES256 zero signature"] = t => Join(Header("ES256", "ec").ToJsonString(), t.Claims().ToJsonString(), new byte[64]),
        ["30d RS256 zero signature"] = t => Join(Header("RS256", t.KeyId).ToJsonString(), t.Claims().ToJsonString(), new byte[256]),
        ["31 RS512 by the right key"] = t => t.Provider.Key.Sign(t.Claims(), Header("RS512", t.KeyId)),
        ["32 our own token without its type"] = t => Hmac(t.OwnKey, """{"alg":"HS256"}""", t.OwnClaims().ToJsonString()),
        ["32b our own token as plain JWT"] = t => Hmac(t.OwnKey, """{"alg":"HS256","typ":"JWT"}""", t.OwnClaims().ToJsonString()),
        ["33 our own token without a session"] = t => t.SignOwn(c => c.Remove("sid")),
        ["33b our own token of a session that is not"] = t => t.SignOwn(c => c["sid"] = Guid.NewGuid().ToString()),
        ["33c our own token, somebody else's session"] = t => t.SignOwn(c => c["sub"] = Guid.NewGuid().ToString()),
        ["33d our own token, session true"] = t => t.SignOwn(c => c["sid"] = true),
        ["33e our own token without end"] = t => t.SignOwn(c => c.Remove("exp")),
        ["33f our own token for another audience"] = t => t.SignOwn(c => c["aud"] = "urn:other"),
        ["34 not base64"] = _ => "a b.c d.e f",
        ["34b not JSON"] = _ => Part("x") + "." + Part("y") + ".AAAA",
        ["34c JSON list"] = t => t.Provider.Key.Sign(Header("RS256", t.KeyId).ToJsonString(), "[]"),
        ["34d deep JSON"] = t => t.SignText(json => json[..^1] + ",\"deep\":" + new string('[', 1000) + new string(']', 1000) + "}"),
        ["34e two parts"] = t => t.Good()[..t.Good().LastIndexOf('.')],
        ["34f four parts"] = t => t.Good() + ".AAAA",
        ["34g padding"] = t => t.Good() + "==",
        ["34h NUL"] = t => t.Good().Replace('.', '\u0001'),
    };

    private const string OwnHeader = """{"alg":"HS256","typ":"at+jwt"}""";

    public static TheoryData<string> Names => [.. Attacks.Keys];

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Attack_is_refused(string name)
    {
        var token = Attacks[name](target);
        var outcome = await target.App.Get<TokenValidator>().ValidateAsync(token, default);
        outcome.Error.ShouldBe(token.Length == 0 ? AuthErrors.TokenRequired : AuthErrors.InvalidToken, name);
        (await target.App.Get<TokenValidator>().ValidateProviderAsync(token, default)).IsError.ShouldBeTrue(name);
    }

    /// <summary>Without this a validator that refuses everything would pass every row above.</summary>
    [Fact]
    public async Task Genuine_tokens_of_both_kinds_are_accepted()
    {
        var validator = target.App.Get<TokenValidator>();
        (await validator.ValidateAsync(target.Good(), default)).IsError.ShouldBeFalse();
        (await validator.ValidateAsync(target.SignOwn(_ => { }), default)).IsError.ShouldBeFalse();
        (await validator.ValidateAsync(target.Sign(c => c["aud"] = FakeIdentityProvider.Audience), default)).IsError.ShouldBeFalse();
        (await validator.ValidateAsync(target.Provider.Key.Sign(target.Claims(), Header("RS256", target.KeyId, null)), default)).IsError.ShouldBeFalse();
        (await validator.ValidateAsync(target.Sign(c => c["exp"] = Now - 20), default)).IsError.ShouldBeFalse("within the clock skew");
        (await validator.ValidateAsync(target.Sign(c => c["nbf"] = Now + 20), default)).IsError.ShouldBeFalse("within the clock skew");
    }

    [Fact]
    public async Task Attack_13_expired_beyond_skew_says_so_only_for_genuine_tokens()
    {
        var expired = target.Sign(c => c["exp"] = Now - 31);
        (await target.App.GetAsync("/api/auth/profile", expired)).ShouldFail(401, "Token has expired");
        (await target.App.GetAsync("/api/auth/profile", target.SignOwn(c => c["exp"] = Now - 31))).ShouldFail(401, "Token has expired");
        (await target.App.GetAsync("/api/auth/profile", target.OtherTenantKey.Sign(target.Claims(c => c["exp"] = Now - 31), Header("RS256", target.KeyId))))
            .ShouldFail(401, Invalid);
    }

    [Fact]
    public async Task Attack_27_access_as_refresh()
        => (await target.App.PostAsync("/api/auth/refresh", token: target.Ann.Access)).ShouldFail(401, Invalid);

    [Fact]
    public async Task Attack_28_reused_rotated_refresh_revokes_the_family()
    {
        var bob = await target.App.GuestAsync("Bob");
        var next = await target.App.PostAsync("/api/auth/refresh", token: bob.Refresh);
        (await target.App.PostAsync("/api/auth/refresh", token: bob.Refresh)).ShouldFail(401, Invalid);
        (await target.App.PostAsync("/api/auth/refresh", token: next["refresh_token"])).ShouldFail(401, Invalid);
        (await target.App.GetAsync("/api/auth/profile", next["access_token"])).ShouldFail(401, Invalid);
    }

    [Fact]
    public async Task Attack_29_deleted_user_with_either_kind_of_token()
    {
        var bob = target.Provider.Token("auth0|deleted-bob");
        var own = TestUser.From(await target.App.PostAsync("/api/auth/login", token: bob));
        (await target.App.DeleteAsync("/api/auth/delete-account", bob)).Status.ShouldBe(200);
        (await target.App.GetAsync("/api/auth/profile", bob)).ShouldFail(401, Invalid);
        (await target.App.GetAsync("/api/auth/profile", own.Access)).ShouldFail(401, Invalid);
        (await target.App.PostAsync("/api/auth/login", token: target.Provider.Token("auth0|deleted-bob", change: c => c["jti"] = "new"))).ShouldFail(401, Invalid);
        (await target.App.PostAsync("/api/auth/sync", token: bob)).ShouldFail(401, Invalid);
    }

    [Fact]
    public async Task Deactivated_user_is_refused_within_two_seconds_of_any_nodes_decision()
    {
        var carl = target.Provider.Token("auth0|carl");
        (await target.App.GetAsync("/api/auth/profile", carl)).Status.ShouldBe(200);
        await target.App.Get<Database>().WriteAsync((db, transaction) =>
            db.ExecuteAsync("UPDATE users SET is_active = 0 WHERE identity_subject = 'auth0|carl'", transaction: transaction));
        target.App.Get<SessionRegistry>().Refresh(UnverifiedToken.Parse(carl)!.Fingerprint);
        (await target.App.GetAsync("/api/auth/profile", carl)).ShouldFail(401, Invalid);
    }

    [Fact]
    public async Task Token_only_in_the_query_is_not_looked_at()
        => (await target.App.GetAsync("/api/auth/profile?access_token=" + target.Good() + "&token=" + target.Good())).ShouldFail(401, "Authorization token required");

    [Theory]
    [InlineData("Basic dXNlcjpwYXNz", "Authorization token required")]
    [InlineData("Bearer", "Authorization token required")]
    [InlineData("Bearer  ", "Authorization token required")]
    [InlineData("Bearer x", "Invalid token")]
    [InlineData("bearer x y", "Invalid token")]
    public async Task Odd_authorization_headers(string header, string error)
    {
        using var client = target.App.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header).ShouldBeTrue();
        var answer = await Answer.OfAsync(await client.GetAsync(new Uri("/api/auth/profile", UriKind.Relative)));
        answer.ShouldFail(401, error);
        answer.Response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
    }

    [Fact]
    public async Task Two_authorization_headers_are_refused()
    {
        using var client = target.App.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", ["Bearer " + target.Good(), "Bearer " + target.Good()]);
        (await Answer.OfAsync(await client.GetAsync(new Uri("/api/auth/profile", UriKind.Relative)))).ShouldFail(401, Invalid);
    }

    private static string Flip(string token)
    {
        var at = token.LastIndexOf('.') + 10;
        return token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
    }

    private static JsonObject With(JsonObject header, string name, JsonNode value)
    {
        header[name] = value;
        return header;
    }

    private static string Replace(string json, string claim, string value)
        => System.Text.RegularExpressions.Regex.Replace(json, $"\"{claim}\":[0-9]+", $"\"{claim}\":{value}");

    /// <summary>CVE-2024-21319: an encrypted token whose small payload inflates to 100 MB.</summary>
    private static string ZipBomb()
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1024 * 1024];
            for (var megabyte = 0; megabyte < 5; megabyte++)
                deflate.Write(zeros);
        }

        var body = System.Buffers.Text.Base64Url.EncodeToString(packed.ToArray());
        return $"{Part("""{"alg":"dir","enc":"A128CBC-HS256","zip":"DEF"}""")}..AAAAAAAAAAAAAAAAAAAAAA.{body}.AAAAAAAAAAAAAAAAAAAAAA";
    }

    public sealed class Target : IAsyncLifetime
    {
        internal FakeIdentityProvider Provider { get; private set; } = null!;

        internal TestApp App { get; private set; } = null!;

        internal RsaKey OtherTenantKey { get; } = NewRsa("other-tenant");

        internal RsaKey ShortKey { get; } = NewRsa("short", 1024);

        internal TestUser Ann { get; private set; } = null!;

        internal string KeyId => Provider.Key.Id;

        internal string Secret => App.Get<AuthOptions>().SecretKey;

        internal byte[] OwnKey => ((SymmetricSecurityKey)App.Get<OwnTokens>().Key).Key;

        public async ValueTask InitializeAsync()
        {
            Provider = await FakeIdentityProvider.StartAsync();
            Provider.Publish(ShortKey);
            Provider.Published["ec"] = Ec();
            App = new TestApp(Provider.Settings);
            Ann = await App.GuestAsync();
        }

        internal string Good() => Provider.Token();

        internal JsonObject Claims(Action<JsonObject>? change = null)
        {
            var claims = Provider.Claims();
            change?.Invoke(claims);
            return claims;
        }

        internal string Sign(Action<JsonObject> change) => Provider.Key.Sign(Claims(change));

        internal string SignText(Func<string, string> change) => Provider.Key.Sign(Header("RS256", KeyId).ToJsonString(), change(Claims().ToJsonString()));

        internal JsonObject OwnClaims() => JsonNode.Parse(UnverifiedToken.Parse(Ann.Access)!.Payload.GetRawText())!.AsObject();

        internal string SignOwn(Action<JsonObject> change)
        {
            var claims = OwnClaims();
            change(claims);
            return Hmac(OwnKey, OwnHeader, claims.ToJsonString());
        }

        public async ValueTask DisposeAsync()
        {
            await App.DisposeAsync();
            await Provider.DisposeAsync();
        }

        private static JsonObject Ec()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var point = key.ExportParameters(false).Q;
            return new JsonObject
            {
                ["kty"] = "EC",
                ["crv"] = "P-256",
                ["kid"] = "ec",
                ["use"] = "sig",
                ["x"] = System.Buffers.Text.Base64Url.EncodeToString(point.X),
                ["y"] = System.Buffers.Text.Base64Url.EncodeToString(point.Y),
            };
        }
    }
}
