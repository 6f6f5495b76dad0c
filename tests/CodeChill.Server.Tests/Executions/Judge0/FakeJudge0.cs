using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeChill.Server.Tests.Executions.Judge0;

/// <summary>
/// A Judge0 1.13 on this machine, as its API is documented: submissions with tokens, a queue that takes a few looks, base64 with line breaks,
/// field errors as 422. <see cref="Intercept"/> turns it into a broken or hostile one.
/// </summary>
internal sealed class FakeJudge0 : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _looks = new();

    private FakeJudge0(WebApplication app)
    {
        _app = app;
        app.Use(async (http, next) =>
        {
            Requests.Enqueue($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}");
            Headers = http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            if (Intercept is { } intercept && await intercept(http))
                return;
            await next();
        });
        app.MapGet("/languages", () => Text(Languages));
        app.MapPost("/submissions", async (HttpContext http) =>
        {
            http.Request.Query["base64_encoded"].ToString().ShouldBe("true");
            var body = (JsonObject)(await JsonNode.ParseAsync(http.Request.Body))!;
            Submissions.Enqueue(body);
            if (MaxCpuSeconds is { } most && body["cpu_time_limit"]?.GetValue<double>() > most)
                return Text($$"""{"cpu_time_limit":["must be less than or equal to {{most}}"]}""", 422);
            if (!Languages.Contains($"\"id\":{body["language_id"]},", StringComparison.Ordinal))
                return Text($$"""{"language_id":["language with id {{body["language_id"]}} doesn't exist"]}""", 422);
            var token = Guid.NewGuid().ToString();
            _looks[token] = 0;
            return Text($$"""{"token":"{{token}}"}""", 201);
        });
        app.MapGet("/submissions/{token}", (string token, HttpContext http) =>
        {
            http.Request.Query["base64_encoded"].ToString().ShouldBe("true");
            if (!_looks.ContainsKey(token))
                return Text("""{"error":"Not Found"}""", 404);
            var look = _looks.AddOrUpdate(token, 1, (_, n) => n + 1);
            return look <= PendingLooks
                ? Text(Pending(look == 1 ? 1 : 2, token))
                : Text(Result.ToJsonString());
        });
    }

    public const string ClassicLanguages =
        """
        [{"id":45,"name":"Assembly (NASM 2.14.02)"},{"id":75,"name":"C (Clang 7.0.1)"},{"id":48,"name":"C (GCC 7.4.0)"},{"id":50,"name":"C (GCC 9.2.0)"},
        {"id":76,"name":"C++ (Clang 7.0.1)"},{"id":54,"name":"C++ (GCC 9.2.0)"},{"id":51,"name":"C# (Mono 6.6.0.161)"},{"id":60,"name":"Go (1.13.5)"},
        {"id":62,"name":"Java (OpenJDK 13.0.1)"},{"id":63,"name":"JavaScript (Node.js 12.14.0)"},{"id":78,"name":"Kotlin (1.3.70)"},{"id":68,"name":"PHP (7.4.1)"},
        {"id":70,"name":"Python (2.7.17)"},{"id":71,"name":"Python (3.8.1)"},{"id":72,"name":"Ruby (2.7.0)"},{"id":73,"name":"Rust (1.40.0)"},
        {"id":83,"name":"Swift (5.2.3)"},{"id":74,"name":"TypeScript (3.7.4)"}]
        """;

    public Uri Url { get; private set; } = null!;

    public string Languages { get; set; } = ClassicLanguages;

    /// <summary>Handles the request itself when it answers true.</summary>
    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    public double? MaxCpuSeconds { get; set; }

    /// <summary>Looks that find it in the queue or running.</summary>
    public int PendingLooks { get; set; } = 2;

    public JsonObject Result { get; set; } = Of(3, stdout: "42\n");

    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentQueue<JsonObject> Submissions { get; } = new();

    public IReadOnlyDictionary<string, string> Headers { get; private set; } = new Dictionary<string, string>();

    public static async Task<FakeJudge0> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        var fake = new FakeJudge0(builder.Build());
        await fake._app.StartAsync();
        fake.Url = new Uri(fake._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/");
        return fake;
    }

    /// <summary>A finished submission as Judge0 writes it: texts in base64 with line breaks, seconds as a text.</summary>
    public static JsonObject Of(int status, string? stdout = null, string? stderr = null, string? compile = null, int? exitCode = 0, int? signal = null, double memory = 3456)
        => new()
        {
            ["token"] = "same-as-asked",
            ["stdout"] = Encode(stdout),
            ["stderr"] = Encode(stderr),
            ["compile_output"] = Encode(compile),
            ["message"] = null,
            ["exit_code"] = exitCode,
            ["exit_signal"] = signal,
            ["time"] = "0.012",
            ["wall_time"] = "0.25",
            ["memory"] = memory,
            ["status"] = new JsonObject { ["id"] = status, ["description"] = "whatever" },
        };

    public static async Task AnswerAsync(HttpContext http, int status, string body, string type = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string Pending(int status, string token)
        => $$$"""{"token":"{{{token}}}","stdout":null,"stderr":null,"compile_output":null,"message":null,"exit_code":null,"exit_signal":null,"time":null,"wall_time":null,"memory":null,"status":{"id":{{{status}}},"description":"In Queue"}}""";

    private static string? Encode(string? text)
        => text is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(text), Base64FormattingOptions.InsertLineBreaks).Replace("\r", "", StringComparison.Ordinal) + "\n";

    private static IResult Text(string json, int status = 200) => Results.Text(json, "application/json", Encoding.UTF8, status);
}
