using System.Net;
using System.Text;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>One client over either transport, reduced to what the wire tables speak of: packets in, closed or open.</summary>
public abstract class WireClient : IAsyncDisposable
{
    public static async Task<WireClient> JoinAsync(TestServer server, string transport, CancellationToken ct)
    {
        WireClient client = transport == "websocket" ? new OverWebSocket(await RawWebSocket.OpenAsync(server.Port)) : new OverPolling(server.Url);
        await client.BeginAsync(join: true, ct);
        return client;
    }

    /// <summary>A session that has joined no namespace.</summary>
    public static async Task<WireClient> OpenAsync(TestServer server, string transport, CancellationToken ct)
    {
        WireClient client = transport == "websocket" ? new OverWebSocket(await RawWebSocket.OpenAsync(server.Port)) : new OverPolling(server.Url);
        await client.BeginAsync(join: false, ct);
        return client;
    }

    public abstract Task SendAsync(CancellationToken ct, params object[] packets);

    /// <summary>The next Socket.IO packet (binary as <c>byte[]</c>); pings are answered on the way. Null when closed.</summary>
    public abstract Task<object?> ReceiveAsync(CancellationToken ct);

    public abstract ValueTask DisposeAsync();

    public async Task ExpectOpenAsync(CancellationToken ct)
    {
        await SendAsync(ct, "42[\"echo\",\"alive?\"]");
        while (true)
        {
            object? packet = await ReceiveAsync(ct);
            packet.ShouldNotBeNull("closed, expected open");
            if (packet is string text && text == "42[\"echo-back\",\"alive?\"]") return;
        }
    }

    public async Task ExpectClosedAsync(CancellationToken ct)
    {
        while (await ReceiveAsync(ct) is { } packet)
        {
            // What was on its way before the close.
            if (packet is string text) text.ShouldNotContain("must not be answered");
        }
    }

    protected abstract Task BeginAsync(bool join, CancellationToken ct);

    private sealed class OverWebSocket(RawWebSocket socket) : WireClient
    {
        public override async Task SendAsync(CancellationToken ct, params object[] packets)
        {
            foreach (object packet in packets)
            {
                try
                {
                    if (packet is string text) await socket.SendTextAsync(text);
                    else await socket.SendBinaryAsync((byte[])packet);
                }
                catch (IOException)
                {
                    return;
                }
            }
        }

        public override async Task<object?> ReceiveAsync(CancellationToken ct)
        {
            while (await socket.ReceiveAsync(ct) is { } frame)
            {
                if (frame.Opcode == 0x82) return frame.Payload;
                if (frame.Opcode == 0x88) return null;
                string text = Encoding.UTF8.GetString(frame.Payload);
                if (text != "2") return text;
                await socket.SendTextAsync("3");
            }

            return null;
        }

        public override ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        protected override async Task BeginAsync(bool join, CancellationToken ct)
        {
            if (join) await socket.JoinAsync(ct);
            else (await socket.ReceiveTextAsync(ct)).ShouldStartWith("0{");
        }
    }

    private sealed class OverPolling(string url) : WireClient
    {
        private readonly HttpClient _http = new();
        private readonly Queue<string> _received = [];
        private string _session = "";

        public override async Task SendAsync(CancellationToken ct, params object[] packets)
        {
            string body = string.Join('\x1e', packets.Select(p => p as string ?? "b" + Convert.ToBase64String((byte[])p)));
            using var content = new StringContent(body);
            using var answer = await _http.PostAsync(_session, content, ct);
            answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge);
        }

        public override async Task<object?> ReceiveAsync(CancellationToken ct)
        {
            while (true)
            {
                while (_received.TryDequeue(out string? packet))
                {
                    if (packet == "1") return null;
                    if (packet == "2") await SendAsync(ct, "3");
                    else if (packet[0] == 'b') return Convert.FromBase64String(packet[1..]);
                    else if (packet != "6") return packet;
                }

                using var answer = await _http.GetAsync(_session, ct);
                if (answer.StatusCode != HttpStatusCode.OK) return null;
                foreach (string packet in (await answer.Content.ReadAsStringAsync(ct)).Split('\x1e')) _received.Enqueue(packet);
            }
        }

        public override ValueTask DisposeAsync()
        {
            _http.Dispose();
            return ValueTask.CompletedTask;
        }

        protected override async Task BeginAsync(bool join, CancellationToken ct)
        {
            string open = await _http.GetStringAsync($"{url}/socket.io/?EIO=4&transport=polling", ct);
            _session = $"{url}/socket.io/?EIO=4&transport=polling&sid={open.Split("\"sid\":\"")[1].Split('"')[0]}";
            if (!join) return;
            await SendAsync(ct, "40");
            ((string)(await ReceiveAsync(ct))!).ShouldStartWith("40{\"sid\":\"");
        }
    }
}
