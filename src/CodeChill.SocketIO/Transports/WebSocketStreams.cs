using System.IO.Pipelines;
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
    public static async Task<WebSocketStreams> AcceptAsync(HttpContext http, bool compress, bool direct)
    {
        if (compress) http.Response.Headers.SecWebSocketExtensions = MessageDeflate.Answer;
        var stream = await WebSocketUpgrade.AnswerAsync(http).ConfigureAwait(false);
        if (WebSocketUpgrade.IsExtended(http)) return Wrap(stream);

        // The upgraded stream reads and writes these same pipes through two layers that each cost a state machine per call.
        var transport = http.Features.Get<IConnectionTransportFeature>()?.Transport;
        if (transport is null || !direct) return Wrap(stream);
        if (http.Features.Get<IMemoryPoolFeature>() is LoopConnection loop && ReferenceEquals(loop.Own, transport))
        {
            var raw = await loop.DetachAsync().ConfigureAwait(false) ?? throw new IOException("The connection has ended.");
            return new WebSocketStreams(null, null, null, raw);
        }

        if (!WebSocketUpgrade.IsPlain(transport)) return Wrap(stream);
        return new WebSocketStreams(transport.Input, transport.Output, http.Features.Get<IConnectionSocketFeature>()?.Socket);
    }

    private static WebSocketStreams Wrap(Stream stream) => new(
        PipeReader.Create(stream, new StreamPipeReaderOptions(useZeroByteReads: true, leaveOpen: true)),
        PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)),
        null);
}
