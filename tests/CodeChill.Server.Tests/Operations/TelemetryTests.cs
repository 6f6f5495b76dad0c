using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using CodeChill.Server.Operations;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace CodeChill.Server.Tests.Operations;

public sealed class TelemetryTests
{
    private const string Token = "a-token-of-some-length";

    [Theory]
    [InlineData("127.0.0.1", null, 200)]
    [InlineData("::1", null, 200)]
    [InlineData("10.1.2.3", null, 403)]
    [InlineData("127.0.0.1", "X-Forwarded-For", 403)]
    [InlineData("127.0.0.1", "Forwarded", 403)]
    [InlineData("127.0.0.1", "X-Real-IP", 403)]
    public async Task Without_a_token_only_this_machine_reads_metrics(string address, string? header, int status)
    {
        await using var app = new TestApp(services: services => services.AddSingleton<IStartupFilter>(new RemoteAddress(address)));
        (await ScrapeAsync(app, null, header)).Status.ShouldBe(status);
    }

    [Fact]
    public async Task With_a_token_its_bearer_reads_metrics_from_anywhere_and_nobody_else()
    {
        await using var app = new TestApp(
            new() { ["METRICS_TOKEN"] = Token }, services: services => services.AddSingleton<IStartupFilter>(new RemoteAddress("10.1.2.3")));
        var scraped = await ScrapeAsync(app, Token, "X-Forwarded-For");
        scraped.Status.ShouldBe(200);
        scraped.Text.ShouldContain("codechill_info{");
        scraped.Text.ShouldNotContain(Token);
        foreach (var wrong in new[] { null, "", Token + "x", "a-token" })
            (await ScrapeAsync(app, wrong, null)).Status.ShouldBe(401, wrong);
        await using var local = new TestApp(
            new() { ["METRICS_TOKEN"] = Token }, services: services => services.AddSingleton<IStartupFilter>(new RemoteAddress("127.0.0.1")));
        (await ScrapeAsync(local, null, null)).Status.ShouldBe(401);
    }

    [Fact]
    public void Counting_and_timing_an_event_allocates_nothing_while_metrics_are_collected()
    {
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(Instruments.Name).AddReader(new BaseExportingMetricReader(new Discard())).Build();
        Run(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(10_000);
        // Per event: the collector itself grows something once in a while.
        ((GC.GetAllocatedBytesForCurrentThread() - before) / 10_000).ShouldBe(0);

        static void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var began = Instruments.Now();
                using var span = Instruments.SocketEvent("code_change", "socket", "room");
                Instruments.Received("code_change");
                Instruments.Rejected("socket", "platform.rate_limited");
                Instruments.Committed(3, began);
                Instruments.Answered("code_change", began);
            }
        }
    }

    [Fact]
    public async Task Traces_and_metrics_reach_a_collector_named_by_the_standard_names()
    {
        await using var collector = await Collector.StartAsync();
        await using var app = new TestApp(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-canary=yes",
            ["OTEL_SERVICE_NAME"] = "my-codechill",
        });
        var guest = await app.GuestAsync();
        (await app.GetAsync("/api/auth/profile?token=canary-query", guest.Access)).Status.ShouldBe(200);
        (await app.GetAsync("/health")).Status.ShouldBe(200);
        using (var span = Instruments.SocketEvent("join_room", "socket-1", "room-1"))
            span.ShouldNotBeNull();
        app.Get<TracerProvider>().ForceFlush().ShouldBeTrue();
        // Its answer counts the reader for scrapes too, which has nothing to flush.
        app.Get<MeterProvider>().ForceFlush();

        collector.Posts.Keys.Order().ShouldBe(["/v1/metrics", "/v1/traces"]);
        collector.Headers.ShouldAllBe(header => header == "yes");
        var traces = collector.Text("/v1/traces");
        traces.ShouldContain("my-codechill");
        traces.ShouldContain("/api/auth/profile");
        traces.ShouldContain("socket join_room");
        traces.ShouldNotContain("/health");
        collector.Text("/v1/metrics").ShouldContain("codechill.log.lag");
        foreach (var secret in new[] { "canary-query", guest.Access.Split('.')[2], guest.Refresh })
            (traces + collector.Text("/v1/metrics")).ShouldNotContain(secret);
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_traced()
    {
        await using var app = new TestApp();
        await app.GetAsync("/api");
        app.Services.GetService<TracerProvider>().ShouldBeNull();
        await using var disabled = new TestApp(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_SDK_DISABLED"] = "true" });
        disabled.Services.GetService<TracerProvider>().ShouldBeNull();
    }

    [Fact]
    public async Task A_request_is_logged_with_what_ties_it_to_other_lines()
    {
        var log = Path.Combine(Directory.CreateTempSubdirectory("codechill-log-").FullName, "server.log");
        const string Room = "0198c0de-0000-7000-8000-000000000001";
        string userId;
        await using (var app = new TestApp(new() { ["LOG_LEVEL"] = "info", ["LOG_FILE"] = log }))
        {
            var guest = await app.GuestAsync();
            userId = guest.Id;
            (await app.GetAsync($"/api/chat/room/{Room}/messages", guest.Access)).Status.ShouldBe(404);
            using (app.Get<ILogger<TelemetryTests>>().BeginScope(new Dictionary<string, object> { ["ExecutionId"] = "run-1" }))
                app.Get<ILogger<TelemetryTests>>().LogInformation("Inside");
        }

        var lines = Directory.GetFiles(Path.GetDirectoryName(log)!).SelectMany(File.ReadAllLines).Select(line => System.Text.Json.JsonElement.Parse(line)).ToList();
        Directory.Delete(Path.GetDirectoryName(log)!, recursive: true);
        var request = lines.Single(line => line.TryGetProperty("RequestPath", out var path) && path.GetString()!.EndsWith("/messages", StringComparison.Ordinal)
            && line.TryGetProperty("StatusCode", out _));
        request.GetProperty("RoomId").GetString().ShouldBe(Room);
        request.GetProperty("UserId").GetString().ShouldBe(userId);
        request.GetProperty("RequestId").GetString().ShouldNotBeNullOrEmpty();
        request.GetProperty("StatusCode").GetInt32().ShouldBe(404);
        lines.Single(line => line.GetProperty("@m").GetString() == "Inside").GetProperty("ExecutionId").GetString().ShouldBe("run-1");
    }

    private static async Task<Answer> ScrapeAsync(TestApp app, string? token, string? header)
    {
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header, "192.0.2.1");
        return await Answer.OfAsync(await client.SendAsync(request));
    }

    private sealed class Discard : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
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

    /// <summary>An OpenTelemetry collector of a sort: takes what is posted and keeps it.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Collector(WebApplication app) => _app = app;

        public ConcurrentDictionary<string, ConcurrentQueue<byte[]>> Posts { get; } = [];

        public ConcurrentBag<string?> Headers { get; } = [];

        public string Url { get; private set; } = "";

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var collector = new Collector(builder.Build());
            collector._app.MapPost("/{**path}", async (HttpContext http) =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                collector.Headers.Add(http.Request.Headers["x-canary"]);
                collector.Posts.GetOrAdd(http.Request.Path, _ => []).Enqueue(body.ToArray());
            });
            await collector._app.StartAsync();
            collector.Url = collector._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
            return collector;
        }

        /// <summary>Strings in a protobuf message are UTF-8 as they are.</summary>
        public string Text(string path) => string.Concat(Posts[path].Select(Encoding.UTF8.GetString));

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
