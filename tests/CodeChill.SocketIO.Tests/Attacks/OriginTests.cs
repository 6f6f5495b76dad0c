using System.Net;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Attacks;

/// <summary>Origins are checked on every request of both transports; CORS headers appear only when configured.</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData(null, true)]
    [InlineData("http://127.0.0.1:{port}", true)]
    [InlineData("https://127.0.0.1:{port}", true)]
    [InlineData("http://127.0.0.1", false)]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    public async Task Without_configuration_only_the_own_host_may(string? origin, bool allowed)
    {
        await using var server = await TestServer.StartAsync();
        (await OpenAsync(server, origin, HttpMethod.Get)).Status.ShouldBe(allowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        string header = origin is null ? "" : $"Origin: {Fill(server, origin)}\r\n";
        using var raw = await RawWebSocket.DialAsync(server.Port);
        await raw.SendRawAsync($"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n");
        (await raw.ReadHeadAsync()).ShouldStartWith(allowed ? "HTTP/1.1 101" : "HTTP/1.1 403");
    }

    [Fact]
    public async Task Listed_origin_gets_cors_headers_and_others_are_refused_with_a_session_too()
    {
        await using var server = await TestServer.StartAsync(static o =>
        {
            o.AllowedOrigins.Add("https://app.example");
            o.AllowCredentials = true;
        });
        var good = await OpenAsync(server, "https://app.example", HttpMethod.Get);
        good.Status.ShouldBe(HttpStatusCode.OK);
        good.Headers["Access-Control-Allow-Origin"].ShouldBe("https://app.example");
        good.Headers["Access-Control-Allow-Credentials"].ShouldBe("true");
        good.Headers["Vary"].ShouldBe("Origin");
        string sid = good.Body.Split("\"sid\":\"")[1].Split('"')[0];
        (await OpenAsync(server, "https://evil.example", HttpMethod.Get, "&sid=" + sid)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await OpenAsync(server, "https://evil.example", HttpMethod.Post, "&sid=" + sid)).Status.ShouldBe(HttpStatusCode.Forbidden);
        var preflight = await OpenAsync(server, "https://app.example", HttpMethod.Options);
        preflight.Status.ShouldBe(HttpStatusCode.NoContent);
        preflight.Headers["Access-Control-Allow-Methods"].ShouldBe("GET,POST");
        using var raw = await RawWebSocket.OpenAsync(server.Port, $"EIO=4&transport=websocket&sid={sid}", "Origin: https://evil.example\r\n");
        raw.Status.ShouldBe(403);
    }

    [Fact]
    public async Task Any_origin_is_answered_with_a_star()
    {
        await using var server = await TestServer.StartAsync(static o => o.AllowedOrigins.Add("*"));
        var answer = await OpenAsync(server, "https://anything.example", HttpMethod.Get);
        answer.Headers["Access-Control-Allow-Origin"].ShouldBe("*");
        answer.Headers.ShouldNotContainKey("Access-Control-Allow-Credentials");
    }

    [Fact]
    public async Task Star_with_credentials_does_not_start()
    {
        var start = () => TestServer.StartAsync(static o =>
        {
            o.AllowedOrigins.Add("*");
            o.AllowCredentials = true;
        });
        (await start.ShouldThrowAsync<InvalidOperationException>()).Message.ShouldContain("AllowCredentials");
    }

    private static async Task<(HttpStatusCode Status, Dictionary<string, string> Headers, string Body)> OpenAsync(
        TestServer server, string? origin, HttpMethod method, string more = "")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, $"{server.Url}/socket.io/?EIO=4&transport=polling{more}");
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", Fill(server, origin));
        using var answer = await http.SendAsync(request);
        return (answer.StatusCode, answer.Headers.ToDictionary(static h => h.Key, static h => string.Join(',', h.Value)), await answer.Content.ReadAsStringAsync());
    }

    private static string Fill(TestServer server, string origin) =>
        origin.Replace("{port}", server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
