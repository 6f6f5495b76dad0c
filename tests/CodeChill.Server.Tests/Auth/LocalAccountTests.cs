using System.Text.Json;
using CodeChill.Server.Auth;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Platform;
using Dapper;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Auth;

public sealed class LocalAccountTests
{
    private static readonly string[] UserFields =
    [
        "id", "email", "name", "picture", "github_username", "leetcode_username", "codeforces_username", "created_at", "updated_at", "is_active",
        "is_verified", "github_stats", "leetcode_stats", "codeforces_stats",
    ];

    [Fact]
    public async Task Guest_gets_tokens_and_the_contract_user()
    {
        await using var app = new TestApp();
        var answer = await app.PostAsync("/api/auth/guest/", new { name = "  Ann  " });
        answer.Status.ShouldBe(200, answer.Text);
        answer["message"].ShouldNotBeNullOrEmpty();
        var user = answer.Json.GetProperty("user");
        foreach (var field in UserFields)
            user.TryGetProperty(field, out _).ShouldBeTrue(field);
        user.GetProperty("name").GetString().ShouldBe("Ann");
        user.GetProperty("email").ValueKind.ShouldBe(JsonValueKind.Null);
        user.GetProperty("created_at").GetString().ShouldEndWith("Z");
        answer.Text.ShouldNotContain("password");
        answer.Response.Headers.CacheControl!.NoStore.ShouldBeTrue();

        var verified = await app.PostAsync("/api/auth/verify-token", token: answer["access_token"]);
        verified.Status.ShouldBe(200, verified.Text);
        verified.Json.GetProperty("valid").GetBoolean().ShouldBeTrue();
        verified.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(user.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a\u0007b")]
    public async Task Guest_needs_a_name(string? name)
    {
        await using var app = new TestApp();
        (await app.PostAsync("/api/auth/guest", new { name })).ShouldFail(400, AuthErrors.NameRequired.Message);
    }

    [Fact]
    public async Task Guests_and_local_accounts_can_be_off()
    {
        await using var app = new TestApp(new() { ["ALLOW_GUESTS"] = "false", ["ALLOW_LOCAL_ACCOUNTS"] = "no" });
        (await app.PostAsync("/api/auth/guest", new { name = "Ann" })).ShouldFail(403, "Guest sign-in is disabled");
        (await app.PostAsync("/api/auth/register", new { email = "a@b.org", password = "12345678", name = "Ann" })).ShouldFail(403, "Local accounts are disabled");
        (await app.PostAsync("/api/auth/login", new { email = "a@b.org", password = "12345678" })).ShouldFail(403, "Local accounts are disabled");
        var config = await app.GetAsync("/api/auth/config");
        config.Text.ShouldBe("""{"guest":false,"local":false,"oidc":null}""");
    }

    [Fact]
    public async Task Registering_and_signing_in_by_password()
    {
        await using var app = new TestApp();
        var registered = await app.PostAsync("/api/auth/register", new { email = "Ann@Example.org", password = "correct horse", name = "Ann" });
        registered.Status.ShouldBe(200, registered.Text);
        registered.Json.GetProperty("user").GetProperty("email").GetString().ShouldBe("Ann@Example.org");

        var login = await app.PostAsync("/api/auth/login", new { email = " ann@example.ORG", password = "correct horse" });
        login.Status.ShouldBe(200, login.Text);
        login.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(registered.Json.GetProperty("user").GetProperty("id").GetString());

        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct hors" })).ShouldFail(401, "Invalid email or password");
        (await app.PostAsync("/api/auth/login", new { email = "bob@example.org", password = "correct horse" })).ShouldFail(401, "Invalid email or password");
        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org" })).ShouldFail(401, "Invalid email or password");
        (await app.PostAsync("/api/auth/register", new { email = "ANN@example.org", password = "12345678", name = "Bob" })).ShouldFail(409, "Email already registered");
    }

    [Theory]
    [InlineData("no-at.example.org", "12345678", "Ann", "Invalid email")]
    [InlineData("a b@example.org", "12345678", "Ann", "Invalid email")]
    [InlineData("a@b@example.org", "12345678", "Ann", "Invalid email")]
    [InlineData("a@localhost", "12345678", "Ann", "Invalid email")]
    [InlineData("a@example.org", "1234567", "Ann", "Password must be between 8 and 256 characters")]
    [InlineData("a@example.org", "12345678", "", "Name is required (at most 100 characters)")]
    public async Task Registering_checks_its_fields(string email, string password, string name, string error)
    {
        await using var app = new TestApp();
        (await app.PostAsync("/api/auth/register", new { email, password, name })).ShouldFail(400, error);
    }

    [Fact]
    public async Task Login_without_token_and_without_body_asks_for_a_token()
    {
        await using var app = new TestApp();
        (await app.PostAsync("/api/auth/login")).ShouldFail(401, "Authorization token required");
        (await app.PostAsync("/api/auth/login", token: "abc")).ShouldFail(401, "Invalid token");
        // Our own access token lives minutes; it must not buy a session of days.
        (await app.PostAsync("/api/auth/login", token: (await app.GuestAsync()).Access)).ShouldFail(401, "Invalid token");
    }

    [Fact]
    public async Task Guessing_passwords_is_slowed_down_per_account_and_recovers()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" });
        for (var guess = 0; guess < SignInLimits.GuessesPerAccount; guess++)
            (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "guess" + guess })).ShouldFail(401, "Invalid email or password");

        var refused = await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" });
        refused.ShouldFail(429, "Rate limit exceeded");
        refused.Response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        // Another account from the same address is not shut out.
        (await app.PostAsync("/api/auth/login", new { email = "bob@example.org", password = "x" })).ShouldFail(401, "Invalid email or password");

        clock.Advance(refused.Response.Headers.RetryAfter.Delta.Value);
        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_old_hash_is_replaced_at_the_next_sign_in()
    {
        await using var app = new TestApp();
        await app.PostAsync("/api/auth/register", new { email = "ann@example.org", password = "correct horse", name = "Ann" });
        using var weaker = new Passwords(app.Get<AuthOptions>() with { PasswordIterations = 10 });
        var old = (await weaker.HashAsync("correct horse", default)).Value!;
        var database = app.Get<Database>();
        await database.WriteAsync((db, transaction) => db.ExecuteAsync("UPDATE users SET password_hash = @old", new { old }, transaction));

        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" })).Status.ShouldBe(200);
        var stored = await database.ReadAsync(db => db.ExecuteScalarAsync<string>("SELECT password_hash FROM users WHERE email = 'ann@example.org'"));
        stored.ShouldNotBe(old);
        (await app.PostAsync("/api/auth/login", new { email = "ann@example.org", password = "correct horse" })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Bodies_that_are_no_json_objects_are_refused()
    {
        await using var app = new TestApp();
        using var client = app.CreateClient();
        foreach (var body in new[] { "{", "[]", "5", "\"x\"", """{"name":5}""", """{"name":{"a":1}}""" })
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            (await Answer.OfAsync(await client.PostAsync("/api/auth/guest", content))).ShouldFail(400, "Invalid JSON body");
        }
    }
}
