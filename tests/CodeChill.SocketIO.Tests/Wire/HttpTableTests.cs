using System.Net;
using System.Text;
using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Wire;

/// <summary>Answers of the HTTP edge, byte for byte as the reference gives them.</summary>
public sealed class HttpTableTests(HttpTableTests.Host host) : IClassFixture<HttpTableTests.Host>, IDisposable
{
    private readonly HttpClient _http = new();
    private readonly TestServer _server = host.Server;

    private string Base => _server.Url + "/socket.io/";

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Handshake_answer_is_exact()
    {
        using var answer = await _http.GetAsync(Base + "?EIO=4&transport=polling");
        string body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=UTF-8");
        answer.Headers.CacheControl!.ToString().ShouldBe("no-store");
        answer.Content.Headers.ContentLength.ShouldBe(Encoding.UTF8.GetByteCount(body));
        body.ShouldMatch("^0\\{\"sid\":\"[A-Za-z0-9_-]{20}\",\"upgrades\":\\[\"websocket\"\\],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000\\}$");
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
        answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Theory]
    [InlineData("transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=3&transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=abc&transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=4&EIO=4&transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=4", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=abc", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=__proto__", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=polling&transport=websocket", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=webtransport", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=polling&sid=unknown", 1, "Session ID unknown")]
    [InlineData("EIO=4&transport=polling&sid=__proto__", 1, "Session ID unknown")]
    [InlineData("EIO=4&transport=polling&sid=a&sid=b", 1, "Session ID unknown")]
    [InlineData("EIO=4&transport=websocket", 3, "Bad request")]
    public async Task Get_is_refused(string query, int code, string message)
    {
        using var answer = await _http.GetAsync(Base + "?" + query);
        await ShouldBeErrorAsync(answer, HttpStatusCode.BadRequest, code, message);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Handshake_with_another_method_is_refused(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Base + "?EIO=4&transport=polling");
        using var answer = await _http.SendAsync(request);
        await ShouldBeErrorAsync(answer, HttpStatusCode.BadRequest, 2, "Bad handshake method");
    }

    [Fact]
    public async Task Refusal_of_the_application_carries_its_text()
    {
        using var answer = await _http.GetAsync(Base + "?EIO=4&transport=polling&refuse=1");
        await ShouldBeErrorAsync(answer, HttpStatusCode.Forbidden, 4, "go \\\"away\\\"");
    }

    [Theory]
    [InlineData("EIO=3&transport=websocket", 400, "Unsupported protocol version")]
    [InlineData("EIO=4&transport=abc", 400, "Transport unknown")]
    [InlineData("EIO=4&transport=websocket&sid=none", 400, "Session ID unknown")]
    [InlineData("EIO=4&transport=websocket&sid=__proto__", 400, "Session ID unknown")]
    [InlineData("EIO=4&transport=websocket&transport=websocket", 400, "Transport unknown")]
    [InlineData("EIO=4&transport=polling", 400, "Bad request")]
    [InlineData("EIO=4&transport=websocket&refuse=1", 403, "go \"away\"")]
    public async Task Refused_upgrade_answers_with_the_text_and_closes(string query, int status, string message)
    {
        using var raw = await RawWebSocket.OpenAsync(_server.Port, query);
        raw.Status.ShouldBe(status);
        raw.Head.ShouldContain("Content-Type: text/html");
        raw.Head.ShouldContain("Connection: close");
        using var reader = new StreamReader(raw.Stream);
        (await reader.ReadToEndAsync()).ShouldBe(message);
    }

    [Fact]
    public async Task Post_is_answered_ok_as_html()
    {
        string session = await OpenAsync();
        using var answer = await PostAsync(session, "40");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/html");
        (await answer.Content.ReadAsStringAsync()).ShouldBe("ok");
    }

    [Fact]
    public async Task Put_with_a_session_is_refused_and_the_session_lives()
    {
        string session = await OpenAsync();
        using var content = new StringContent("40");
        using var answer = await _http.PutAsync(session, content);
        answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        using var post = await PostAsync(session, "40");
        post.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Octet_stream_is_answered_and_closes()
    {
        string session = await OpenAsync();
        using var content = new ByteArrayContent([1, 2]) { Headers = { ContentType = new("application/octet-stream") } };
        using var answer = await _http.PostAsync(session, content);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var poll = await _http.GetAsync(session);
        await ShouldBeErrorAsync(poll, HttpStatusCode.BadRequest, 1, "Session ID unknown");
    }

    [Theory]
    [InlineData(1_000_000, HttpStatusCode.OK)]
    [InlineData(1_000_001, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Post_at_the_limit_and_one_past_it(int bytes, HttpStatusCode expected)
    {
        string session = await OpenAsync();
        using (await PostAsync(session, "40"))
        {
        }

        const string Head = "42[\"nobody\",\"", Tail = "\"]";
        using var answer = await PostAsync(session, Head + new string('x', bytes - Head.Length - Tail.Length) + Tail);
        answer.StatusCode.ShouldBe(expected);
        (await _http.GetStringAsync(session)).ShouldStartWith("40{");
    }

    [Fact]
    public async Task Chunked_post_over_the_limit_is_cut_off()
    {
        string session = await OpenAsync();
        using var content = new StreamContent(new Endless(5_000_000));
        using var request = new HttpRequestMessage(HttpMethod.Post, session) { Content = content, Headers = { TransferEncodingChunked = true } };
        try
        {
            using var answer = await _http.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        }
        catch (HttpRequestException)
        {
            // The server hung up while the body was still coming; the answer may be lost with it.
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("40\x1e")]
    [InlineData("\x1e40")]
    [InlineData("b!!!")]
    [InlineData("bA")]
    public async Task Malformed_post_is_answered_ok_and_the_session_is_gone(string body)
    {
        string session = await OpenAsync();
        using var answer = await PostAsync(session, body);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync()).ShouldBe("ok");
        using var poll = await _http.GetAsync(session);
        await ShouldBeErrorAsync(poll, HttpStatusCode.BadRequest, 1, "Session ID unknown");
    }

    [Fact]
    public async Task Path_without_trailing_slash_is_unknown()
    {
        using var answer = await _http.GetAsync(_server.Url + "/socket.io?EIO=4&transport=polling");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_thousand_packets_in_one_body_are_handled()
    {
        string session = await OpenAsync();
        using var answer = await PostAsync(session, "40\x1e" + string.Join('\x1e', Enumerable.Range(0, 1000).Select(static i => $"42[\"echo\",{i}]")));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        string[] packets = (await _http.GetStringAsync(session)).Split('\x1e');
        packets.Length.ShouldBe(1001);
        packets[1000].ShouldBe("42[\"echo-back\",999]");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Large_answers_are_compressed_for_who_accepts_it(string encoding)
    {
        string session = await OpenAsync();
        using (await PostAsync(session, "40"))
        {
        }

        (await _http.GetStringAsync(session)).ShouldStartWith("40{");
        using (await PostAsync(session, $"42[\"echo\",\"{new string('x', 5000)}\"]"))
        {
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, session) { Headers = { { "Accept-Encoding", encoding } } };
        using var answer = await _http.SendAsync(request);
        answer.Content.Headers.ContentEncoding.ShouldBe([encoding]);
        await using var body = await answer.Content.ReadAsStreamAsync();
        using Stream plain = encoding == "gzip"
            ? new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress)
            : new System.IO.Compression.ZLibStream(body, System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(plain);
        (await reader.ReadToEndAsync()).ShouldEndWith("xxx\"]");
    }

    private async Task<string> OpenAsync()
    {
        string open = await _http.GetStringAsync(Base + "?EIO=4&transport=polling");
        return $"{Base}?EIO=4&transport=polling&sid={open.Split("\"sid\":\"")[1].Split('"')[0]}";
    }

    private async Task<HttpResponseMessage> PostAsync(string session, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "text/plain");
        return await _http.PostAsync(session, content);
    }

    /// <summary>A client that closes while it polls sends two requests on two connections; which of them we handle first is not its affair.</summary>
    [Fact]
    public async Task Poll_sent_with_a_close_gets_its_noop_in_either_order()
    {
        for (int i = 0; i < 20; i++)
        {
            string session = await OpenAsync();
            var close = PostAsync(session, "1");
            using var poll = await _http.GetAsync(session);
            (await poll.Content.ReadAsStringAsync()).ShouldBe("6");
            using var closed = await close;
            closed.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var after = await _http.GetAsync(session);
            await ShouldBeErrorAsync(after, HttpStatusCode.BadRequest, 1, "Session ID unknown");
        }
    }

    [Fact]
    public async Task Session_is_gone_once_a_close_has_been_answered()
    {
        string session = await OpenAsync();
        using (await PostAsync(session, "1"))
        {
            using var after = await _http.GetAsync(session);
            await ShouldBeErrorAsync(after, HttpStatusCode.BadRequest, 1, "Session ID unknown");
        }
    }

    private static async Task ShouldBeErrorAsync(HttpResponseMessage answer, HttpStatusCode status, int code, string message)
    {
        answer.StatusCode.ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        (await answer.Content.ReadAsStringAsync()).ShouldBe($"{{\"code\":{code},\"message\":\"{message}\"}}");
    }

    public sealed class Host : IAsyncLifetime
    {
        public TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(
            static o => o.AllowRequest = static http => ValueTask.FromResult(http.Request.Query.ContainsKey("refuse") ? "go \"away\"" : null),
            static io => io.Default.OnConnection(static socket => socket.On("echo", static ev => ev.Socket.Emit("echo-back", ev.Arguments))));

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    /// <summary>A body without a length.</summary>
    private sealed class Endless(long bytes) : Stream
    {
        private long _left = bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, read).Fill((byte)'x');
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
