using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CodeChill.Server.Documents;
using CodeChill.Server.Operations;
using CodeChill.Server.Platform;
using CodeChill.Server.Storage;
using CodeChill.Server.Tests.Documents;
using CodeChill.Server.Tests.Platform;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Operations;

public sealed class HealthTests
{
    [Fact]
    public async Task Checks_of_other_slices_are_listed_and_an_external_one_never_takes_the_server_down()
    {
        await using var app = new TestApp(services: services => services.AddHealthChecks()
            .AddCheck("judge0", () => HealthCheckResult.Unhealthy("answers 502", data: new Dictionary<string, object> { ["since"] = "noon" }), [Health.ExternalTag]));
        var health = await app.GetAsync("/health");
        health.Status.ShouldBe(200, health.Text);
        health["status"].ShouldBe("degraded");
        var judge0 = health.Json.GetProperty("checks").GetProperty("external").GetProperty("judge0");
        judge0.GetProperty("status").GetString().ShouldBe("degraded");
        judge0.GetProperty("reason").GetString().ShouldBe("answers 502");
        judge0.GetProperty("since").GetString().ShouldBe("noon");
        health.Json.GetProperty("checks").GetProperty("log").GetProperty("backlog_bytes").GetInt64().ShouldBe(0);
        health.Json.GetProperty("checks").GetProperty("runner").GetProperty("status").GetString().ShouldBe("healthy");

        // Readiness is about this node's own work.
        var ready = await app.GetAsync("/health/ready");
        ready["status"].ShouldBe("healthy");
        ready.Json.GetProperty("checks").TryGetProperty("external", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_check_throws_is_not_on_the_page()
    {
        await using var app = new TestApp(services: services => services.AddSingleton<Database>(new Broken()));
        var health = await app.GetAsync("/health");
        health.Status.ShouldBe(503);
        health.Text.ShouldNotContain("hunter2");
        health.Json.GetProperty("checks").GetProperty("database").GetProperty("reason").GetString().ShouldBe("does not answer");
        health.Json.GetProperty("checks").GetProperty("durability").GetString().ShouldBe("unknown");
    }

    [Fact]
    public async Task Edits_that_cannot_be_written_make_the_server_unhealthy_until_they_are()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var folder = Directory.CreateTempSubdirectory("codechill-health-").FullName;
        await using var real = new SqliteDatabase(Path.Combine(folder, "log.db"));
        await real.MigrateAsync(default);
        var userId = await TestRooms.CreateUserAsync(real);
        var roomId = await TestRooms.CreateAsync(real, owner: userId);
        await using var flaky = new FlakyDatabase(real);
        using var log = new UpdateLog(flaky, clock, NullLogger<UpdateLog>.Instance);
        var check = new LogCheck(log, clock);
        (await StatusAsync()).ShouldBe(HealthStatus.Healthy);

        flaky.Away = true;
        await log.StartAsync(default);
        var append = log.Append(new LogEntry(roomId, 2, 2, userId, "yjs", null, clock.GetUtcNow(), new byte[100]));
        await flaky.Refused;
        while (await StatusAsync() == HealthStatus.Healthy)
            await Task.Yield();
        // Advancing also wakes the log's next try, which fails as well.
        clock.Advance(TimeSpan.FromSeconds(1.2));
        (await StatusAsync()).ShouldBe(HealthStatus.Unhealthy);
        log.Lag.ShouldBe(TimeSpan.FromSeconds(1.2));
        log.BacklogBytes.ShouldBe(100);

        flaky.Away = false;
        while (!append.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await append).ShouldBe(Commit.Done);
        await log.StopAsync(default);
        (await StatusAsync()).ShouldBe(HealthStatus.Healthy);
        log.Lag.ShouldBe(TimeSpan.Zero);
        Directory.Delete(folder, recursive: true);

        async Task<HealthStatus> StatusAsync() => (await check.CheckHealthAsync(new HealthCheckContext())).Status;
    }

    [Theory]
    [InlineData("redis://127.0.0.1:{0}", "PING", "+PONG\r\n", HealthStatus.Healthy, null)]
    [InlineData("redis://:pass%20word@127.0.0.1:{0}", "AUTH pass word,PING", "+OK\r\n,+PONG\r\n", HealthStatus.Healthy, null)]
    [InlineData("redis://ann:pw@127.0.0.1:{0}", "AUTH ann pw", "-WRONGPASS invalid\r\n", HealthStatus.Degraded, "refuses the credentials of REDIS_URL")]
    [InlineData("redis://127.0.0.1:{0}", "PING", "-NOAUTH Authentication required.\r\n", HealthStatus.Degraded, "refuses the credentials of REDIS_URL")]
    [InlineData("redis://127.0.0.1:{0}", "PING", "HTTP/1.1 400 Bad Request\r\n", HealthStatus.Degraded, "answers something else than PONG")]
    public async Task Redis_is_asked_in_its_own_protocol(string url, string questions, string answers, HealthStatus status, string? reason)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = ServeAsync();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var check = new RedisCheck(new RedisOptions { Url = new Uri(url.Replace("{0}", $"{port}", StringComparison.Ordinal)) }, TimeProvider.System);
        var result = await check.CheckHealthAsync(new HealthCheckContext());
        result.Status.ShouldBe(status, result.Description);
        result.Description.ShouldBe(reason);
        (await asked).ShouldBe(questions.Split(','));

        async Task<List<string>> ServeAsync()
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            var all = new List<string>();
            foreach (var answer in answers.Split(','))
            {
                var words = new List<string>();
                var count = int.Parse((await reader.ReadLineAsync())![1..], null);
                for (var i = 0; i < count; i++)
                {
                    await reader.ReadLineAsync();
                    words.Add((await reader.ReadLineAsync())!);
                }

                all.Add(string.Join(' ', words));
                await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(answer));
            }

            return all;
        }
    }

    [Fact]
    public async Task Redis_away_is_degraded()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var result = await new RedisCheck(new RedisOptions { Url = new Uri($"redis://127.0.0.1:{port}") }, TimeProvider.System).CheckHealthAsync(new HealthCheckContext());
        result.Status.ShouldBe(HealthStatus.Degraded);
        result.Description.ShouldBe("cannot be reached");
    }

    private sealed class Broken : Database
    {
        public override string Dialect => "mysql";

        public override string InsertOrIgnore => "";

        public override int RowsPerInsert => 1;

        public override Task<string> DurabilityAsync(CancellationToken cancel) => throw new InvalidOperationException("Access denied for 'root' using hunter2");

        public override Task MigrateAsync(CancellationToken cancel) => Task.CompletedTask;

        public override Task<T> ReadAsync<T>(Func<System.Data.Common.DbConnection, Task<T>> query, CancellationToken cancel = default) => throw new IOException();

        public override Task<T> WriteAsync<T>(
            Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, Task<T>> work, CancellationToken cancel = default) => throw new IOException();

        public override bool IsDuplicateKey(Exception failure) => false;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
