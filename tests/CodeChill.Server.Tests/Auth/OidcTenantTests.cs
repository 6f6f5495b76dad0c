using CodeChill.Server.Auth;
using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Tests.Platform;

namespace CodeChill.Server.Tests.Auth;

/// <summary>The real provider software instead of tokens of our own making.</summary>
public sealed class OidcTenantTests
{
    [Fact]
    public async Task Tokens_of_a_real_tenant_sign_in_and_out()
    {
        await using var tenant = await OidcTenant.StartAsync();
        await using var app = new TestApp(tenant.Settings);
        var tokens = await tenant.SignInAsync("ann");
        var access = tokens.GetProperty("access_token").GetString()!;

        var login = await app.PostAsync("/api/auth/login", token: access);
        login.Status.ShouldBe(200, login.Text);
        login.Json.GetProperty("user").GetProperty("email").GetString().ShouldBe("ann@example.org");
        login.Json.GetProperty("user").GetProperty("is_verified").GetBoolean().ShouldBeTrue();

        var verified = await app.PostAsync("/api/auth/verify-token", token: access);
        verified.Status.ShouldBe(200, verified.Text);
        var sync = await app.PostAsync("/api/auth/sync", token: access);
        sync.Json.GetProperty("data").GetProperty("id").GetString().ShouldBe(verified.Json.GetProperty("user").GetProperty("id").GetString());
        // What sockets call.
        (await app.Get<TokenValidator>().ValidateAsync(access, default)).Value!.Name.ShouldBe("ann");

        // The ID token says who, it does not allow anything.
        (await app.PostAsync("/api/auth/login", token: tokens.GetProperty("id_token").GetString())).ShouldFail(401, "Invalid token");

        // A token that keeps the address to itself: userinfo refuses API tokens at this tenant, so the client's word fills the profile.
        var shy = (await tenant.SignInAsync("shy")).GetProperty("access_token").GetString();
        (await app.PostAsync("/api/auth/login", token: shy)).ShouldFail(400, "Invalid token payload");
        var filled = await app.PostAsync("/api/auth/sync", new { email = "shy@example.org", name = "Shy" }, shy);
        filled.Status.ShouldBe(200, filled.Text);
        filled.Json.GetProperty("data").GetProperty("is_verified").GetBoolean().ShouldBeFalse();
        (await app.PostAsync("/api/auth/login", token: shy)).Status.ShouldBe(200);

        (await app.PostAsync("/api/auth/logout", token: access)).Status.ShouldBe(200);
        (await app.PostAsync("/api/auth/verify-token", token: access)).ShouldFail(401, AuthErrors.InvalidToken.Message);
    }
}
