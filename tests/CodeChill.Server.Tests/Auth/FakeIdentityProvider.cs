using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeChill.Server.Tests.Auth;

/// <summary>A tenant on this machine whose keys, answers and outages a test decides. It publishes its documents as Auth0 does.</summary>
internal sealed class FakeIdentityProvider : IAsyncDisposable
{
    public const string Audience = "https://api.codechill.test";
    public const string ClientId = "web-client";

    private readonly WebApplication _app;
    private int _keyFetches;
    private int _userInfoFetches;

    private FakeIdentityProvider(WebApplication app)
    {
        _app = app;
        app.MapGet("/.well-known/openid-configuration", () => Answer(new JsonObject
        {
            ["issuer"] = Issuer,
            ["jwks_uri"] = Issuer + "keys",
            ["userinfo_endpoint"] = Issuer + "userinfo",
        }));
        app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref _keyFetches);
            return Answer(new JsonObject { ["keys"] = new JsonArray([.. Published.Values.Select(k => k.DeepClone())]) });
        });
        app.MapGet("/userinfo", (HttpContext http) =>
        {
            Interlocked.Increment(ref _userInfoFetches);
            return UserInfo is { } info ? Answer(info.DeepClone()) : Results.StatusCode(403);
        });
    }

    /// <summary>What <c>AUTH0_DOMAIN</c> is set to.</summary>
    public string Domain => Issuer.TrimEnd('/');

    public string Issuer { get; private set; } = "";

    /// <summary>Public keys by key id, as they are published now.</summary>
    public ConcurrentDictionary<string, JsonObject> Published { get; } = new();

    public TokenForge.RsaKey Key { get; } = TokenForge.NewRsa("key-1");

    /// <summary>What the userinfo endpoint says of anybody; null: 403.</summary>
    public JsonObject? UserInfo { get; set; }

    public bool IsDown { get; set; }

    public int KeyFetches => _keyFetches;

    public int UserInfoFetches => _userInfoFetches;

    public Dictionary<string, string> Settings => new()
    {
        ["AUTH0_DOMAIN"] = Domain,
        ["AUTH0_AUDIENCE"] = Audience,
        ["AUTH0_CLIENT_ID"] = ClientId,
    };

    public static async Task<FakeIdentityProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var provider = new FakeIdentityProvider(builder.Build());
        provider.Publish(provider.Key);
        await provider._app.StartAsync();
        provider.Issuer = provider._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/";
        return provider;
    }

    public void Publish(TokenForge.RsaKey key) => Published[key.Id] = key.PublicJwk();

    public void Withdraw(string keyId) => Published.TryRemove(keyId, out _).ShouldBeTrue();

    /// <summary>The claims of a genuine access token.</summary>
    public JsonObject Claims(string subject = "auth0|ann", string? email = "ann@example.org")
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = subject,
            ["aud"] = new JsonArray(Audience, Issuer + "userinfo"),
            ["iat"] = now,
            ["exp"] = now + 3600,
            ["azp"] = ClientId,
            ["scope"] = "openid profile email",
        };
        if (email is not null)
        {
            claims["email"] = email;
            claims["name"] = "Ann";
            claims["picture"] = "https://pictures.test/ann.png";
        }

        return claims;
    }

    public string Token(string subject = "auth0|ann", string? email = "ann@example.org", Action<JsonObject>? change = null)
    {
        var claims = Claims(subject, email);
        change?.Invoke(claims);
        return Key.Sign(claims);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Answer(JsonNode body) => IsDown ? Results.StatusCode(503) : Results.Text(body.ToJsonString(), "application/json");
}
