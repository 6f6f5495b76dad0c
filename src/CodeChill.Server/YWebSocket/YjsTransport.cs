using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// The byte stream of an accepted WebSocket and, where nothing such as TLS stands between us and it, its socket. ASP.NET Core's own
/// WebSocket would mask nothing but frame every message anew for every connection; frames that many connections share must be written past it.
/// </summary>
internal sealed record YjsTransport(Stream Stream, Socket? Socket)
{
    /// <summary>RFC 6455 §1.3.</summary>
    private const string KeyGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether the request is a well-formed opening handshake (RFC 6455 §4.2.1, RFC 8441 §4).</summary>
    public static bool IsHandshake(HttpContext http)
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);
        var headers = http.Request.Headers;
        return HttpMethods.IsGet(http.Request.Method)
            && http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && string.Equals(headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
            && headers.SecWebSocketVersion == "13"
            && headers.SecWebSocketKey is [{ Length: 24 } key]
            && Convert.TryFromBase64String(key, stackalloc byte[18], out var written) && written == 16;
    }

    public static async Task<YjsTransport> AcceptAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return new YjsTransport(await connect.AcceptAsync(), null);
        var headers = http.Response.Headers;
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = Answer(http.Request.Headers.SecWebSocketKey!);
        var stream = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        // The socket transport's own pipe is a plain one; whatever changes the bytes on their way puts its own in place.
        var isPlain = http.Features.Get<IConnectionTransportFeature>()?.Transport.Output.GetType().DeclaringType == typeof(Pipe);
        return new YjsTransport(stream, isPlain ? http.Features.Get<IConnectionSocketFeature>()?.Socket : null);
    }

    private static string Answer(string key)
    {
#pragma warning disable CA5350 // RFC 6455 fixes SHA-1 here; it protects nothing.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeyGuid)));
#pragma warning restore CA5350
    }
}
