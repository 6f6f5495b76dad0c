using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using CodeChill.SocketIO.Packets;
using CodeChill.SocketIO.Transports;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO;

/// <summary>
/// An accepted WebSocket as its bytes: for endpoints beside Socket.IO that speak a protocol of their own and want to write the same frame to
/// many connections without framing it again for each (RFC 6455 section 5; <see cref="Frame"/> makes one, <see cref="FlushLane"/> decides
/// when it leaves). Reading is the caller's, for instance <see cref="WebSocket.CreateFromStream(Stream, WebSocketCreationOptions)"/> over <see cref="Stream"/>.
/// No extension is negotiated and no subprotocol chosen. The request's handler must not return before the connection is over.
/// </summary>
public sealed class WebSocketUpgrade
{
    /// <summary>RFC 6455 section 1.3.</summary>
    private const string KeyGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private WebSocketUpgrade(Stream stream, NetSocket? socket)
    {
        Stream = stream;
        Socket = socket;
    }

    /// <summary>The connection's bytes behind the server's answer to the handshake. The server ends it with the request.</summary>
    public Stream Stream { get; }

    /// <summary>
    /// The socket below, or null when something such as TLS, HTTP/2, a logging middleware or an event loop stands between. It may be written to instead of <see cref="Stream"/>
    /// as soon as the client's first frame has come, which proves that the answer to the handshake has left the server's pipe; never before, and never both.
    /// </summary>
    public NetSocket? Socket { get; }

    /// <summary>Whether the request is a well-formed opening handshake (RFC 6455 section 4.2.1, or RFC 8441 section 4 over HTTP/2). The origin isn't looked at.</summary>
    /// <param name="http">The request.</param>
    public static bool IsHandshake(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (Extended(http) is { } connect)
            return string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);
        var headers = http.Request.Headers;
        return HttpMethods.IsGet(http.Request.Method)
            && http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && string.Equals(headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
            && headers.SecWebSocketVersion == "13"
            && IsKey(headers.SecWebSocketKey);
    }

    /// <summary>Answers the handshake.</summary>
    /// <param name="http">A request that <see cref="IsHandshake"/> is true for.</param>
    /// <exception cref="IOException">The client has gone meanwhile.</exception>
    /// <exception cref="InvalidOperationException">The request can't be upgraded, or its answer has begun.</exception>
    public static async Task<WebSocketUpgrade> AcceptAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var stream = await AnswerAsync(http).ConfigureAwait(false);
        var transport = http.Features.Get<IConnectionTransportFeature>()?.Transport;
        bool plain = !IsExtended(http) && transport is not null && IsPlain(transport);
        return new WebSocketUpgrade(stream, plain ? http.Features.Get<IConnectionSocketFeature>()?.Socket : null);
    }

    /// <summary>A whole message as one finished frame of a server: unmasked, uncompressed, to be written to any number of connections.</summary>
    /// <param name="type">Text, whose bytes must be UTF-8, or binary.</param>
    /// <param name="head">The message's beginning.</param>
    /// <param name="body">What follows it; may be empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="type"/> is neither text nor binary.</exception>
    public static byte[] Frame(WebSocketMessageType type, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body = default)
    {
        var opcode = type switch
        {
            WebSocketMessageType.Text => WebSocketOpcode.Text,
            WebSocketMessageType.Binary => WebSocketOpcode.Binary,
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };
        int length = checked(head.Length + body.Length);
        byte[] frame = GC.AllocateUninitializedArray<byte>(WebSocketFraming.HeaderSize(length) + length);
        int at = WebSocketFraming.WriteHeader(frame, opcode, length);
        head.CopyTo(frame.AsSpan(at));
        body.CopyTo(frame.AsSpan(at + head.Length));
        return frame;
    }

    /// <summary>Sends the 101 (or, over HTTP/2, 200) answer and gives what follows it.</summary>
    internal static async Task<Stream> AnswerAsync(HttpContext http)
    {
        if (Extended(http) is { } connect)
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            return new UpgradedStream(await connect.AcceptAsync().ConfigureAwait(false), http.RequestAborted);
        }

        var headers = http.Response.Headers;
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = Accept(http.Request.Headers.SecWebSocketKey!);
        return new UpgradedStream(await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false), http.RequestAborted);
    }

    /// <summary>Whether this is RFC 8441's way of opening a WebSocket, over HTTP/2.</summary>
    internal static bool IsExtended(HttpContext http) => Extended(http) is not null;

    /// <summary>
    /// The socket transport's pipes are plain ones; TLS and logging middlewares put their own in place, and with them the socket's bytes aren't ours.
    /// </summary>
    internal static bool IsPlain(IDuplexPipe transport) => transport.Output.GetType().DeclaringType == typeof(Pipe);

    private static IHttpExtendedConnectFeature? Extended(HttpContext http) =>
        http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect ? connect : null;

    private static bool IsKey(string? key)
    {
        Span<byte> bytes = stackalloc byte[18];
        return key is { Length: 24 } && Convert.TryFromBase64String(key, bytes, out int written) && written == 16;
    }

    private static string Accept(string key)
    {
        Span<byte> text = stackalloc byte[24 + KeyGuid.Length];
        Encoding.ASCII.GetBytes(key, text);
        Encoding.ASCII.GetBytes(KeyGuid, text[24..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6455 fixes SHA-1 here; it protects nothing.
        SHA1.HashData(text, hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }
}
