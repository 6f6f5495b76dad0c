using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.EventLoop;
using CodeChill.SocketIO.Packets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CodeChill.SocketIO.Transports;

/// <summary>HTTP long-polling: a GET brings packets to the client, a POST takes them from it.</summary>
internal static class PollingTransport
{
    private static readonly Action<object?> Abort = static state =>
    {
        var (session, waiter) = ((EngineSession, PollWaiter))state!;
        session.AbortPoll(waiter);
    };

    public static async Task PollAsync(EngineSession session, HttpContext http)
    {
        var start = session.BeginPoll(out var waiter);
        switch (start)
        {
            case PollStart.Gone:
                await EngineError.UnknownSession.WriteAsync(http).ConfigureAwait(false);
                return;
            case PollStart.WrongTransport:
                await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
                return;
            case PollStart.Overlap:
                session.Close(DisconnectReasons.TransportError, "two polls at a time");
                await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
                return;
        }

        var outcome = PollOutcome.Data;
        if (start == PollStart.Wait)
        {
            object state = (session, waiter);
            using var aborted = http.RequestAborted.UnsafeRegister(Abort, state);
            using var finished = http.Features.Get<IMemoryPoolFeature>() is LoopConnection loop ? loop.PeerFinished.UnsafeRegister(Abort, state) : default;
            outcome = await waiter.Task.ConfigureAwait(false);
        }

        if (outcome == PollOutcome.Aborted)
        {
            http.Abort();
            return;
        }

        var payload = new ArrayBufferWriter<byte>(256);
        if (outcome == PollOutcome.Data)
        {
            foreach (var packet in session.TakePackets()) packet.WritePolling(payload, payload.WrittenCount == 0);
        }
        else
        {
            OutPacket.Noop.WritePolling(payload, true);
        }

        if (waiter.Last is { } last)
        {
            last.WritePolling(payload, payload.WrittenCount == 0);
            session.PollClosed();
        }

        try
        {
            await AnswerAsync(session.Server, http, payload.WrittenMemory).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            session.Close(DisconnectReasons.TransportError, "poll answer not delivered", CloseKind.PeerGone);
        }
    }

    public static async Task AnswerAsync(EngineServer server, HttpContext http, ReadOnlyMemory<byte> payload)
    {
        var response = http.Response;
        response.ContentType = "text/plain; charset=UTF-8";
        response.Headers.CacheControl = "no-store";
        if (server.Options.PollingCompressionThresholdBytes is { } threshold && payload.Length >= threshold
            && Encoding(http.Request.Headers.AcceptEncoding) is { } encoding)
        {
            using var compressed = new MemoryStream();
            using (Stream stream = encoding == "gzip"
                ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)
                : new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            {
                stream.Write(payload.Span);
            }

            response.Headers.ContentEncoding = encoding;
            response.Headers.Append("Vary", "Accept-Encoding");
            payload = compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
        }

        response.ContentLength = payload.Length;
        await response.Body.WriteAsync(payload, http.RequestAborted).ConfigureAwait(false);
    }

    public static async Task PostAsync(EngineSession session, HttpContext http)
    {
        // The EIO 3 binary content type. Answered, never left hanging (GHSA-r635-g3xr-vw7x).
        if (http.Request.ContentType is { } type && type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase))
        {
            session.Close(DisconnectReasons.TransportError, "invalid content type");
            await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
            return;
        }

        switch (session.BeginPost())
        {
            case PollStart.Gone:
                await EngineError.UnknownSession.WriteAsync(http).ConfigureAwait(false);
                return;
            case PollStart.WrongTransport:
                await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
                return;
            case PollStart.Overlap:
                session.Close(DisconnectReasons.TransportError, "two requests at a time");
                await EngineError.BadRequest.WriteAsync(http).ConfigureAwait(false);
                return;
        }

        byte[]? body = null;
        try
        {
            (body, int length, bool tooLarge) = await ReadBodyAsync(session, http).ConfigureAwait(false);
            if (tooLarge)
            {
                http.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                http.Response.Headers.Connection = "close";
                return;
            }

            Receive(session, body.AsSpan(0, length));
            if (session.ReadPaused) await session.WaitForRoomAsync().ConfigureAwait(false);
            await session.AwaitLastPollAsync(session.Server.Time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or BadHttpRequestException)
        {
            session.Close(DisconnectReasons.TransportError, "request body not received", CloseKind.Now);
            http.Abort();
            return;
        }
        finally
        {
            session.EndPost();
            if (body is not null) ArrayPool<byte>.Shared.Return(body);
        }

        // text/html, not text/plain: the reference avoids the download prompt of old browsers with it, clients expect it.
        http.Response.ContentType = "text/html";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = 2;
        await http.Response.Body.WriteAsync("ok"u8.ToArray(), http.RequestAborted).ConfigureAwait(false);
    }

    private static void Receive(EngineSession session, ReadOnlySpan<byte> payload)
    {
        bool batch = FlushScheduler.Begin();
        try
        {
            var sink = new Sink(session);
            if (!EngineCodec.TryDecodePayload(payload, ref sink)) session.Close(DisconnectReasons.ParseError, "malformed payload");
        }
        finally
        {
            if (batch) FlushScheduler.End();
        }
    }

    /// <summary>Reads at most the limit; the buffer grows with what has arrived, never with what is announced.</summary>
    private static async Task<(byte[] Body, int Length, bool TooLarge)> ReadBodyAsync(EngineSession session, HttpContext http)
    {
        long limit = session.Server.Options.MaxPayloadBytes;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = null;
        if (http.Request.ContentLength > limit) return ([], 0, true);
        byte[] body = ArrayPool<byte>.Shared.Rent(1024);
        int length = 0;
        PipeReader reader = http.Request.BodyReader;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(http.RequestAborted).ConfigureAwait(false);
                var buffer = result.Buffer;
                bool over = length + buffer.Length > limit;
                if (!over && buffer.Length > 0)
                {
                    int needed = length + (int)buffer.Length;
                    if (needed > body.Length)
                    {
                        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, body.Length * 2));
                        body.AsSpan(0, length).CopyTo(larger);
                        ArrayPool<byte>.Shared.Return(body);
                        body = larger;
                    }

                    buffer.CopyTo(body.AsSpan(length));
                    length = needed;
                }

                reader.AdvanceTo(buffer.End);
                if (over || result.IsCompleted || !session.IsListening) return (body, length, over);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(body);
            throw;
        }
    }

    private static string? Encoding(string? accept)
    {
        if (string.IsNullOrEmpty(accept)) return null;
        foreach (string part in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string name = part.Split(';')[0].Trim();
            bool refused = part.Replace(" ", "", StringComparison.Ordinal).EndsWith(";q=0", StringComparison.Ordinal);
            if (!refused && name is "gzip" or "deflate") return name;
        }

        return null;
    }

    private readonly struct Sink(EngineSession session) : IEnginePacketSink
    {
        public bool OnText(ReadOnlySpan<byte> packet)
        {
            session.ReceiveText(packet);
            return session.IsListening;
        }

        public bool OnBinary(ReadOnlySpan<byte> data)
        {
            if (session.IsOpen) session.ReceiveBinary(data);
            return session.IsListening;
        }
    }
}
