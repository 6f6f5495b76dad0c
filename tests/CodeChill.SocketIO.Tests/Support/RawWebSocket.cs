using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodeChill.SocketIO.Tests.Support;

/// <summary>A WebSocket client on bare TCP, able to send what no real client would.</summary>
public sealed class RawWebSocket : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly byte[] _one = new byte[1];
    private NetworkStream _stream = null!;

    /// <summary>The status line and headers of the answer to the opening request.</summary>
    public string Head { get; private set; } = "";

    public int Status => int.Parse(Head.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    public NetworkStream Stream => _stream;

    public System.Net.Sockets.Socket Client => _tcp.Client;

    public static async Task<RawWebSocket> DialAsync(int port)
    {
        var raw = new RawWebSocket();
        await raw._tcp.ConnectAsync(IPAddress.Loopback, port);
        raw._stream = raw._tcp.GetStream();
        return raw;
    }

    public static async Task<RawWebSocket> OpenAsync(int port, string query = "EIO=4&transport=websocket", string headers = "", string path = "/socket.io/")
    {
        var raw = await DialAsync(port);
        await raw.HandshakeAsync(query, headers, path);
        return raw;
    }

    public async Task HandshakeAsync(string query, string headers = "", string path = "/socket.io/")
    {
        await SendRawAsync(
            $"GET {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n");
        Head = await ReadHeadAsync();
    }

    public async Task SendRawAsync(string ascii) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(ascii));

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes);

    public Task SendTextAsync(string text) => SendFrameAsync(0x81, Encoding.UTF8.GetBytes(text));

    public Task SendBinaryAsync(byte[] data) => SendFrameAsync(0x82, data);

    public async Task SendFrameAsync(byte first, byte[] payload) => await _stream.WriteAsync(Frame(first, payload));

    /// <summary>A masked client frame.</summary>
    public static byte[] Frame(byte first, ReadOnlySpan<byte> payload, bool masked = true)
    {
        var head = new List<byte> { first };
        byte mask = masked ? (byte)0x80 : (byte)0;
        switch (payload.Length)
        {
            case <= 125:
                head.Add((byte)(mask | payload.Length));
                break;
            case <= 0xFFFF:
                head.Add((byte)(mask | 126));
                head.AddRange([(byte)(payload.Length >> 8), (byte)payload.Length]);
                break;
            default:
                head.Add((byte)(mask | 127));
                byte[] length = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
                head.AddRange(length);
                break;
        }

        byte[] key = [0x12, 0x34, 0x56, 0x78];
        if (masked) head.AddRange(key);
        byte[] frame = new byte[head.Count + payload.Length];
        head.CopyTo(frame);
        for (int i = 0; i < payload.Length; i++) frame[head.Count + i] = (byte)(payload[i] ^ (masked ? key[i & 3] : 0));
        return frame;
    }

    /// <summary>The next frame; null at the end of the stream.</summary>
    public async Task<(int Opcode, byte[] Payload)?> ReceiveAsync(CancellationToken ct)
    {
        try
        {
            byte[] head = new byte[2];
            await _stream.ReadExactlyAsync(head, ct);
            (head[1] & 0x80).ShouldBe(0, "server frames are never masked");
            long length = head[1] & 0x7F;
            byte[] extended = new byte[length == 126 ? 2 : length == 127 ? 8 : 0];
            await _stream.ReadExactlyAsync(extended, ct);
            if (length == 126) length = BinaryPrimitives.ReadUInt16BigEndian(extended);
            else if (length == 127) length = BinaryPrimitives.ReadInt64BigEndian(extended);
            byte[] payload = new byte[length];
            await _stream.ReadExactlyAsync(payload, ct);
            return (head[0], payload);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    public async Task<string> ReceiveTextAsync(CancellationToken ct)
    {
        var frame = await ReceiveAsync(ct) ?? throw new EndOfStreamException("The server hung up.");
        frame.Opcode.ShouldBe(0x81);
        return Encoding.UTF8.GetString(frame.Payload);
    }

    /// <summary>Opens a session and joins the main namespace; returns the socket's id.</summary>
    public async Task<string> JoinAsync(CancellationToken ct, string nsp = "")
    {
        (await ReceiveTextAsync(ct)).ShouldStartWith("0{\"sid\":\"");
        await SendTextAsync("40" + nsp);
        string answer = await ReceiveTextAsync(ct);
        answer.ShouldStartWith("40");
        return answer.Split("\"sid\":\"")[1].Split('"')[0];
    }

    public async Task<string> ReadHeadAsync()
    {
        var text = new StringBuilder();
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await ReadOneAsync() == 0) break;
            text.Append((char)_one[0]);
        }

        return text.ToString();
    }

    public void Dispose() => _tcp.Dispose();

    /// <summary>0 at the end of the stream, which a reset is as well.</summary>
    private async ValueTask<int> ReadOneAsync()
    {
        try
        {
            return await _stream.ReadAsync(_one);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
