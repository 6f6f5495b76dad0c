using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using CodeChill.SocketIO.EventLoop;
using CodeChill.SocketIO.Packets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NetSocket = System.Net.Sockets.Socket;

namespace CodeChill.SocketIO.Transports;

/// <summary>
/// The byte streams of an accepted WebSocket. On Kestrel and HTTP/1.1 these are the connection's own pipes (and its socket, when no
/// middleware such as TLS transforms the bytes), or the descriptor alone on a connection of ours (<see cref="LoopConnection"/>); elsewhere, and over HTTP/2 (RFC 8441), they wrap the upgraded stream.
/// </summary>
internal sealed record WebSocketStreams(PipeReader? Input, PipeWriter? Output, NetSocket? Socket, RawSocket? Raw = null)
{
    /// <summary>RFC 6455 section 1.3.</summary>
    private const string KeyGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>True when the request is a well-formed opening handshake (RFC 6455 section 4.2.1 or RFC 8441 section 4).</summary>
    public static bool IsHandshake(HttpContext http)
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);
        var headers = http.Request.Headers;
        return HttpMethods.IsGet(http.Request.Method)
            && http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && string.Equals(headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
            && headers.SecWebSocketVersion == "13"
            && IsKey(headers.SecWebSocketKey);
    }

    public static async Task<WebSocketStreams> AcceptAsync(HttpContext http, bool compress, bool direct)
    {
        var headers = http.Response.Headers;
        if (compress) headers.SecWebSocketExtensions = MessageDeflate.Answer;
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            return Wrap(await connect.AcceptAsync().ConfigureAwait(false));
        }

        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = Answer(http.Request.Headers.SecWebSocketKey!);
        var stream = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);

        // The upgraded stream reads and writes these same pipes through two layers that each cost a state machine per call.
        var transport = http.Features.Get<IConnectionTransportFeature>()?.Transport;
        if (transport is null || !direct) return Wrap(stream);
        if (http.Features.Get<IMemoryPoolFeature>() is LoopConnection loop && ReferenceEquals(loop.Own, transport))
        {
            var raw = await loop.DetachAsync().ConfigureAwait(false) ?? throw new IOException("The connection has ended.");
            return new WebSocketStreams(null, null, null, raw);
        }

        // The socket transport's pipes are plain ones; TLS and logging middlewares put their own in place, and with them the socket's
        // bytes aren't ours.
        bool plain = transport.Output.GetType().DeclaringType == typeof(Pipe);
        if (!plain) return Wrap(stream);
        return new WebSocketStreams(transport.Input, transport.Output, http.Features.Get<IConnectionSocketFeature>()?.Socket);
    }

    private static WebSocketStreams Wrap(Stream stream) => new(
        PipeReader.Create(stream, new StreamPipeReaderOptions(useZeroByteReads: true, leaveOpen: true)),
        PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)),
        null);

    private static bool IsKey(string? key)
    {
        Span<byte> bytes = stackalloc byte[18];
        return key is { Length: 24 } && Convert.TryFromBase64String(key, bytes, out int written) && written == 16;
    }

    private static string Answer(string key)
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
