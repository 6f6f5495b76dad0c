using System.Data.Common;
using System.Net;
using System.Text;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Server.Users;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace CodeChill.Server.Tests.Platform;

public sealed class PipelineTests
{
    [Fact]
    public async Task Unknown_routes_and_methods_answer_the_contracts_error()
    {
        await using var app = new TestApp();
        (await app.GetAsync("/api/nothing")).ShouldFail(404, "Not found");
        (await app.GetAsync("/api/auth/nothing/")).ShouldFail(404, "Not found");
        var method = await app.SendAsync(HttpMethod.Patch, "/api/auth/guest");
        method.ShouldFail(405, "Method not allowed");
        method.Response.Content.Headers.Allow.ShouldContain("POST");
        (await app.GetAsync("/api/")).Json.GetProperty("name").GetString().ShouldBe("CodeChill");
        foreach (var member in new[] { "version", "description", "endpoints", "features" })
            (await app.GetAsync("/api")).Json.TryGetProperty(member, out _).ShouldBeTrue(member);
    }

    [Fact]
    public async Task Exception_is_logged_once_and_answered_without_a_word_about_it()
    {
        var sink = new Sink();
        await using var app = new TestApp(services: services => services
            .AddSingleton<IStartupFilter>(new Thrower())
            .AddSerilog(log => log.WriteTo.Sink(sink)));
        (await app.PostAsync("/boom")).ShouldFail(500, "Internal server error");
        (await app.PostAsync("/boom")).Text.ShouldNotContain("secret detail");
        sink.Events.Count(e => e.Exception is not null).ShouldBe(2);

        (await app.PostAsync("/boom?kind=database")).ShouldFail(503, "Service temporarily unavailable");
    }

    [Fact]
    public async Task Database_gone_is_503_on_health_and_on_routes()
    {
        Doors? database = null;
        await using var app = new TestApp(services: services => services.AddSingleton<Database>(provider =>
            database = new Doors(provider.GetRequiredService<DatabaseOptions>().Open(provider.GetRequiredService<ServerOptions>()))));
        var healthy = await app.GetAsync("/health");
        healthy.Status.ShouldBe(200, healthy.Text);
        healthy["status"].ShouldBe("healthy");
        healthy["environment"].ShouldBe("development");
        healthy["version"].ShouldNotBeNullOrEmpty();
        healthy.Json.GetProperty("checks").GetProperty("database").GetProperty("status").GetString().ShouldBe("healthy");
        healthy.Json.GetProperty("checks").GetProperty("durability").GetString().ShouldBe("full");
        (await app.GetAsync("/health/ready/")).Status.ShouldBe(200);

        database!.Away = true;
        var gone = await app.GetAsync("/health");
        gone.Status.ShouldBe(503, gone.Text);
        gone["status"].ShouldBe("unhealthy");
        (await app.GetAsync("/health/ready")).Status.ShouldBe(503);
        (await app.GetAsync("/health/live")).Status.ShouldBe(200);
        (await app.PostAsync("/api/auth/guest", new { name = "Ann" })).ShouldFail(503, "Service temporarily unavailable");

        database.Away = false;
        (await app.GetAsync("/health")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Hanging_database_counts_as_gone_after_the_patience()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var app = new TestApp(clock: clock);
        await app.GetAsync("/health");
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var holding = app.Get<Database>().WriteAsync(async (_, _) =>
        {
            entered.SetResult();
            await release.Task;
        });
        await entered.Task;
        var asking = app.GetAsync("/health");
        while (!asking.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        (await asking).Status.ShouldBe(503);
        release.SetResult();
        await holding;
        (await app.GetAsync("/health")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Too_many_requests_of_an_address_or_user_are_told_when_to_come_back()
    {
        await using var app = new TestApp(new() { ["Limits:SignInBurst"] = "2", ["Limits:SignInPerSecond"] = "1", ["Limits:UserBurst"] = "3", ["Limits:UserPerSecond"] = "1" }, clock: new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var ann = await app.GuestAsync();
        var bob = await app.GuestAsync("Bob");
        var refused = await app.PostAsync("/api/auth/guest", new { name = "Carl" });
        refused.ShouldFail(429, "Rate limit exceeded");
        refused.Response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);

        for (var i = 0; i < 3; i++)
            (await app.GetAsync("/api/auth/profile", ann.Access)).Status.ShouldBe(200);
        var user = await app.GetAsync("/api/users/profile", ann.Access);
        user.ShouldFail(429, "Rate limit exceeded");
        user.Response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await app.GetAsync("/api/auth/profile", bob.Access)).Status.ShouldBe(200);
        app.Clock!.Advance(TimeSpan.FromSeconds(1));
        (await app.GetAsync("/api/auth/profile", ann.Access)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Address_limit_covers_the_api_and_not_health()
    {
        await using var app = new TestApp(new() { ["Limits:AddressBurst"] = "3", ["Limits:AddressPerSecond"] = "1" });
        for (var i = 0; i < 3; i++)
            (await app.GetAsync("/api")).Status.ShouldBe(200);
        (await app.GetAsync("/api")).ShouldFail(429, "Rate limit exceeded");
        (await app.GetAsync("/health")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Large_bodies_are_refused_by_the_real_server()
    {
        await using var app = new TestApp();
        app.UseKestrel(0);
        app.StartServer();
        foreach (var (size, status) in new[] { (LimitOptions.AccountBodyBytes - 100, 200), (LimitOptions.AccountBodyBytes + 1, 413) })
        {
            using var client = app.CreateClient();
            using var content = new StringContent("{\"name\":\"Ann\",\"x\":\"" + new string('x', size - 50) + "\"}" + new string(' ', 29), Encoding.UTF8, "application/json");
            var answer = await Answer.OfAsync(await client.PostAsync(new Uri("/api/auth/guest", UriKind.Relative), content));
            answer.Status.ShouldBe(status, answer.Text);
        }
    }

    [Fact]
    public async Task Browsers_of_allowed_origins_may_call_and_others_may_not()
    {
        await using var app = new TestApp(new() { ["CORS_ORIGINS"] = "https://app.example.org" });
        (await PreflightAsync("https://app.example.org")).Headers.GetValues("Access-Control-Allow-Origin").Single().ShouldBe("https://app.example.org");
        (await PreflightAsync("https://app.example.org.evil.test")).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        (await PreflightAsync("null")).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();

        async Task<HttpResponseMessage> PreflightAsync(string origin)
        {
            using var client = app.CreateClient();
            using var request = new HttpRequestMessage(HttpMethod.Options, "/api/auth/profile");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", "PUT");
            request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
            return await client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Web_client_is_served_with_caching_and_a_strict_policy()
    {
        var web = Directory.CreateTempSubdirectory("codechill-web-").FullName;
        Directory.CreateDirectory(Path.Combine(web, "assets"));
        await File.WriteAllTextAsync(Path.Combine(web, "index.html"), "<!doctype html><title>CodeChill</title>");
        await File.WriteAllTextAsync(Path.Combine(web, "assets", "app-1a2b3c.js"), "1");
        try
        {
            await using var app = new TestApp(new() { ["Server:WebRoot"] = web });
            foreach (var page in new[] { "/", "/rooms/0195d5b5-0000-7000-8000-000000000000", "/index.html" })
            {
                var answer = await app.GetAsync(page);
                answer.Status.ShouldBe(200, page);
                answer.Text.ShouldContain("CodeChill");
                answer.Response.Headers.CacheControl!.NoCache.ShouldBeTrue();
                var policy = answer.Response.Headers.GetValues("Content-Security-Policy").Single();
                policy.ShouldStartWith("default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; connect-src 'self' ws: wss:;");
                policy.ShouldContain("frame-ancestors 'none'");
                answer.Response.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
            }

            var asset = await app.GetAsync("/assets/app-1a2b3c.js");
            asset.Response.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
            (await app.GetAsync("/assets/app-old.js")).ShouldFail(404, "Not found");
            (await app.GetAsync("/api/nothing")).ShouldFail(404, "Not found");
            (await app.GetAsync("/..%2f..%2fetc/passwd")).Text.ShouldNotContain("root:");
            (await app.PostAsync("/rooms")).Status.ShouldBe(404);
        }
        finally
        {
            Directory.Delete(web, recursive: true);
        }
    }

    [Fact]
    public async Task Forwarded_addresses_are_believed_only_from_trusted_proxies()
    {
        var limits = new Dictionary<string, string> { ["Limits:AddressBurst"] = "1", ["Limits:AddressPerSecond"] = "1" };
        await using var direct = new TestApp(limits, services: s => s.AddSingleton<IStartupFilter>(new RemoteAddress("10.1.2.3")));
        (await FromAsync(direct, "1.1.1.1")).ShouldBe(200);
        (await FromAsync(direct, "2.2.2.2")).ShouldBe(429, "a made-up header must not make a new address");

        await using var proxied = new TestApp(
            new(limits) { ["TRUSTED_PROXIES"] = "10.0.0.0/8" }, services: s => s.AddSingleton<IStartupFilter>(new RemoteAddress("10.1.2.3")));
        (await FromAsync(proxied, "1.1.1.1")).ShouldBe(200);
        (await FromAsync(proxied, "2.2.2.2")).ShouldBe(200);
        (await FromAsync(proxied, "2.2.2.2")).ShouldBe(429);

        static async Task<int> FromAsync(TestApp app, string address)
        {
            using var client = app.CreateClient();
            client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
            return (int)(await client.GetAsync(new Uri("/api", UriKind.Relative))).StatusCode;
        }
    }

    [Fact]
    public async Task Logs_hold_no_token_password_or_query()
    {
        var log = Path.Combine(Directory.CreateTempSubdirectory("codechill-log-").FullName, "server.log");
        string access, refresh;
        await using (var app = new TestApp(new() { ["LOG_LEVEL"] = "DEBUG", ["LOG_FILE"] = log }))
        {
            var user = TestUser.From(await app.PostAsync("/api/auth/register", new { email = "canary@example.org", password = "canary-password", name = "Ann" }));
            (access, refresh) = (user.Access, user.Refresh);
            await app.GetAsync("/api/auth/profile?token=" + access, access);
            await app.GetAsync("/api/nothing?access_token=canary-query");
            await app.PostAsync("/api/auth/login", new { email = "canary@example.org", password = "canary-wrong" });
            await app.PostAsync("/api/auth/refresh", token: refresh);
            await app.PostAsync("/api/auth/refresh", token: refresh);
            app.Get<ILoggerFactory>().CreateLogger("test").LogWarning("Careless {Header} {Url}", "Bearer " + access, "/socket.io/?token=" + refresh);
        }

        var text = string.Concat(Directory.GetFiles(Path.GetDirectoryName(log)!).Select(File.ReadAllText));
        Directory.Delete(Path.GetDirectoryName(log)!, recursive: true);
        text.ShouldContain("/api/auth/profile");
        text.ShouldContain("Careless");
        foreach (var secret in new[] { access, access.Split('.')[1], refresh, "canary-password", "canary-wrong", "canary-query", "canary@example.org" })
            text.ShouldNotContain(secret);
    }

    /// <summary>A real database that can be gone.</summary>
    private sealed class Doors(Database real) : Database
    {
        public volatile bool Away;

        public override string Dialect => real.Dialect;

        public override string InsertOrIgnore => real.InsertOrIgnore;

        public override int RowsPerInsert => real.RowsPerInsert;

        public override Task<string> DurabilityAsync(CancellationToken cancel) => Open().DurabilityAsync(cancel);

        public override Task MigrateAsync(CancellationToken cancel) => Open().MigrateAsync(cancel);

        public override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancel = default) => Open().ReadAsync(query, cancel);

        public override Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancel = default)
            => Open().WriteAsync(work, cancel);

        public override bool IsDuplicateKey(Exception failure) => real.IsDuplicateKey(failure);

        public override ValueTask DisposeAsync() => real.DisposeAsync();

        private Database Open() => Away ? throw new Microsoft.Data.Sqlite.SqliteException("unable to open database file", 14) : real;
    }

    private sealed class Thrower : IStartupFilter
    {
        // Runs behind the pipeline under test, where routes would be; for a POST, since a GET of an unknown path is the web client's.
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            next(app);
            app.Run(http =>
            {
                if (http.Request.Path == "/boom")
                    throw http.Request.Query["kind"] == "database"
                        ? new Microsoft.Data.Sqlite.SqliteException("secret detail", 14)
                        : new InvalidOperationException("secret detail");
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        };
    }

    private sealed class RemoteAddress(string address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, go) =>
            {
                http.Connection.RemoteIpAddress = IPAddress.Parse(address);
                return go(http);
            });
            next(app);
        };
    }

    private sealed class Sink : ILogEventSink
    {
        public List<LogEvent> Events { get; } = [];

        public void Emit(LogEvent logEvent)
        {
            lock (Events)
                Events.Add(logEvent);
        }
    }
}
