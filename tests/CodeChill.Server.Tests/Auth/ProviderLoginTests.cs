using System.Text.Json.Nodes;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Platform;
using Dapper;

namespace CodeChill.Server.Tests.Auth;

/// <summary>Signing in with the tenant's tokens: who gets which account, and what is asked of whom.</summary>
public sealed class ProviderLoginTests(TokenAttackTests.Target target) : IClassFixture<TokenAttackTests.Target>
{
    private FakeIdentityProvider Provider => target.Provider;

    [Fact]
    public async Task Login_makes_an_account_and_finds_it_again()
    {
        var first = await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|login"));
        first.Status.ShouldBe(200, first.Text);
        first["message"].ShouldBe("Login successful");
        var user = first.Json.GetProperty("user");
        user.GetProperty("email").GetString().ShouldBe("ann@example.org");
        user.GetProperty("name").GetString().ShouldBe("Ann");
        user.GetProperty("picture").GetString().ShouldBe("https://pictures.test/ann.png");
        Guid.TryParse(user.GetProperty("id").GetString(), out _).ShouldBeTrue("our id, never the provider's sub");
        first.Text.ShouldNotContain("auth0|login");

        var again = TestUser.From(await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|login")));
        again.Id.ShouldBe(user.GetProperty("id").GetString());
        // Both kinds of token lead to the same user on every route.
        var byOwn = await target.App.GetAsync("/api/auth/profile", again.Access);
        var byProvider = await target.App.GetAsync("/api/auth/profile", Provider.Token("auth0|login"));
        byOwn.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(again.Id);
        byProvider.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(again.Id);
    }

    [Fact]
    public async Task Any_route_makes_the_account_of_an_unknown_user()
    {
        var answer = await target.App.GetAsync("/api/users/profile", Provider.Token("auth0|straight-in"));
        answer.Status.ShouldBe(200, answer.Text);
        answer.Json.GetProperty("profile").GetProperty("name").GetString().ShouldBe("Ann");
    }

    [Fact]
    public async Task First_requests_at_once_make_one_account()
    {
        var token = Provider.Token("auth0|rush");
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => target.App.GetAsync("/api/auth/profile", token)));
        answers.ShouldAllBe(a => a.Status == 200);
        answers.Select(a => a.Json.GetProperty("user").GetProperty("id").GetString()).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Same_address_from_another_identity_is_another_user()
    {
        var local = TestUser.From(await target.App.PostAsync("/api/auth/register", new { email = "shared@example.org", password = "correct horse", name = "Local" }));
        var google = TestUser.From(await target.App.PostAsync("/api/auth/login", token: Provider.Token("google|1", "shared@example.org")));
        var password = TestUser.From(await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|1", "shared@example.org", c => c["email_verified"] = false)));
        new[] { local.Id, google.Id, password.Id }.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task What_the_token_leaves_out_is_asked_of_userinfo()
    {
        Provider.UserInfo = new JsonObject { ["sub"] = "auth0|info", ["email"] = "info@example.org", ["email_verified"] = true, ["name"] = "Info" };
        try
        {
            var answer = await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|info", email: null));
            answer.Status.ShouldBe(200, answer.Text);
            var user = answer.Json.GetProperty("user");
            user.GetProperty("email").GetString().ShouldBe("info@example.org");
            user.GetProperty("name").GetString().ShouldBe("Info");
            user.GetProperty("is_verified").GetBoolean().ShouldBeTrue();

            // An answer about somebody else is not used (OpenID Connect Core §5.3.2).
            (await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|other", email: null))).ShouldFail(400, "Invalid token payload");
        }
        finally
        {
            Provider.UserInfo = null;
        }
    }

    [Fact]
    public async Task Without_an_address_anywhere_nobody_is_made_up()
    {
        var token = Provider.Token("auth0|nobody", email: null);
        (await target.App.PostAsync("/api/auth/login", token: token)).ShouldFail(400, "Invalid token payload");
        (await target.App.PostAsync("/api/auth/sync", token: token)).ShouldFail(400, "Invalid token payload");
        (await target.App.GetAsync("/api/auth/profile", token)).ShouldFail(401, "Invalid token");
        (await target.App.PostAsync("/api/auth/login", token: Provider.Token("", "a@example.org"))).ShouldFail(400, "Invalid token payload");
        // Asking again and again does not make us ask the provider as often.
        var asked = Provider.UserInfoFetches;
        for (var i = 0; i < 20; i++)
            await target.App.GetAsync("/api/auth/profile", token);
        (Provider.UserInfoFetches - asked).ShouldBeLessThanOrEqualTo(5);
    }

    [Fact]
    public async Task Sync_takes_missing_profile_fields_from_the_body_but_never_identity()
    {
        var token = Provider.Token("auth0|sync", email: null);
        var answer = await target.App.PostAsync(
            "/api/auth/sync",
            new { email = "sync@example.org", name = "Sync", picture = "https://pictures.test/s.png", auth0Id = "auth0|victim", sub = "auth0|victim" },
            token);
        answer.Status.ShouldBe(200, answer.Text);
        var user = answer.Json.GetProperty("data");
        user.GetProperty("email").GetString().ShouldBe("sync@example.org");
        user.GetProperty("name").GetString().ShouldBe("Sync");
        user.GetProperty("is_verified").GetBoolean().ShouldBeFalse();
        (await SubjectOfAsync(user.GetProperty("id").GetString()!)).ShouldBe("auth0|sync");

        // What the provider states wins over the body.
        var stated = await target.App.PostAsync("/api/auth/sync", new { email = "evil@example.org", name = "Evil" }, Provider.Token("auth0|stated"));
        stated.Json.GetProperty("data").GetProperty("email").GetString().ShouldBe("ann@example.org");
        stated.Json.GetProperty("data").GetProperty("name").GetString().ShouldBe("Ann");
        // An existing account's address is not the body's to change.
        var later = await target.App.PostAsync("/api/auth/sync", new { email = "evil@example.org" }, token);
        later.Json.GetProperty("data").GetProperty("email").GetString().ShouldBe("sync@example.org");
    }

    [Fact]
    public async Task Sync_failures()
    {
        (await target.App.PostAsync("/api/auth/sync")).ShouldFail(401, "Authorization token required");
        (await target.App.PostAsync("/api/auth/sync", token: "x")).ShouldFail(401, "Invalid token");
        (await target.App.PostAsync("/api/auth/sync", token: target.Ann.Access)).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task A_changed_name_survives_the_next_login()
    {
        var token = Provider.Token("auth0|renamed");
        await target.App.PostAsync("/api/auth/login", token: token);
        await target.App.PutAsync("/api/auth/profile", new { name = "Chosen" }, token);
        var login = await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|renamed", "new@example.org"));
        login.Json.GetProperty("user").GetProperty("name").GetString().ShouldBe("Chosen");
        login.Json.GetProperty("user").GetProperty("email").GetString().ShouldBe("new@example.org");
    }

    [Fact]
    public async Task Logging_out_with_the_providers_token_ends_it_and_the_session_it_opened()
    {
        var token = Provider.Token("auth0|leaving");
        var own = TestUser.From(await target.App.PostAsync("/api/auth/login", token: token));
        (await target.App.PostAsync("/api/auth/logout", token: token)).Status.ShouldBe(200);
        (await target.App.GetAsync("/api/auth/profile", token)).ShouldFail(401, "Invalid token");
        (await target.App.GetAsync("/api/auth/profile", own.Access)).ShouldFail(401, "Invalid token");
        (await target.App.PostAsync("/api/auth/refresh", token: own.Refresh)).ShouldFail(401, "Invalid token");
        (await target.App.PostAsync("/api/auth/login", token: token)).ShouldFail(401, "Invalid token");
        // Other spellings of the same signature are the same token: the last character carries unused bits.
        var respelled = token[..^1] + (char)(token[^1] + 1);
        (await target.App.GetAsync("/api/auth/profile", respelled)).ShouldFail(401, "Invalid token");
        // A new token signs in again.
        (await target.App.PostAsync("/api/auth/login", token: Provider.Token("auth0|leaving", change: c => c["jti"] = "2"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Config_tells_the_web_client_where_to_sign_in()
    {
        var config = await target.App.GetAsync("/api/auth/config");
        var oidc = config.Json.GetProperty("oidc");
        oidc.GetProperty("authority").GetString().ShouldBe(Provider.Issuer);
        oidc.GetProperty("client_id").GetString().ShouldBe(FakeIdentityProvider.ClientId);
        oidc.GetProperty("audience").GetString().ShouldBe(FakeIdentityProvider.Audience);
        config.Response.Headers.GetValues("Content-Security-Policy").Single().ShouldContain(Provider.Domain);
    }

    private Task<string?> SubjectOfAsync(string id)
        => target.App.Get<Database>().ReadAsync(db => db.ExecuteScalarAsync<string?>("SELECT identity_subject FROM users WHERE id = @id", new { id }));
}
