using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using CodeChill.SocketIO.Engine;

namespace CodeChill.SocketIO.Adapters;

/// <summary>
/// Redis publish/subscribe in the few commands a cluster needs, over two connections: one that is subscribed, one that publishes. A single
/// loop reads the subscribed one, so messages keep their order across channels (a general client dispatches per channel). Both reconnect
/// for ever with a growing pause and subscribe again; what is published meanwhile is lost, as with any publish/subscribe.
/// </summary>
internal sealed class RedisBus : IClusterBus
{
    private const int MaxQueuedCommands = 10_000;

    private readonly SocketIORedisOptions _options;
    private readonly TimeProvider _time;
    private readonly EngineLog _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Command> _commands = Channel.CreateBounded<Command>(
        new BoundedChannelOptions(MaxQueuedCommands) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Lock _gate = new();
    private readonly HashSet<string> _channels = new(StringComparer.Ordinal);
    private readonly HashSet<string> _patterns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _confirmations = new(StringComparer.Ordinal);
    private Action<string, ReadOnlyMemory<byte>> _onMessage = static (_, _) => { };
    private Stream? _subscribed;
    private Task _loops = Task.CompletedTask;

    public RedisBus(SocketIORedisOptions options, TimeProvider time, EngineLog log)
    {
        _options = options;
        _time = time;
        _log = log;
    }

    public void Listen(Action<string, ReadOnlyMemory<byte>> onMessage)
    {
        _onMessage = onMessage;
        _loops = Task.WhenAll(Task.Run(() => ForeverAsync(SubscribeLoopAsync)), Task.Run(() => ForeverAsync(PublishLoopAsync)));
    }

    public async Task SubscribeAsync(IReadOnlyList<string> channels, string prefix, CancellationToken ct)
    {
        // A pattern's own special characters are escaped: a namespace may be called /a*.
        string pattern = Escape(prefix) + "*";
        string last = pattern;
        var confirmed = _confirmations.GetOrAdd(last, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        Stream? stream;
        lock (_gate)
        {
            foreach (string channel in channels) _channels.Add(channel);
            _patterns.Add(pattern);
            stream = _subscribed;
        }

        if (stream is not null) await SendSubscriptionsAsync(stream, channels, [pattern], "SUBSCRIBE", "PSUBSCRIBE").ConfigureAwait(false);
        await confirmed.Task.WaitAsync(ct).ConfigureAwait(false);
    }

    public void Unsubscribe(IReadOnlyList<string> channels, string prefix)
    {
        string pattern = Escape(prefix) + "*";
        Stream? stream;
        lock (_gate)
        {
            foreach (string channel in channels) _channels.Remove(channel);
            _patterns.Remove(pattern);
            stream = _subscribed;
        }

        _confirmations.TryRemove(pattern, out _);
        if (stream is not null) _ = SendSubscriptionsAsync(stream, channels, [pattern], "UNSUBSCRIBE", "PUNSUBSCRIBE");
    }

    public void Publish(string channel, ReadOnlyMemory<byte> message) =>
        _commands.Writer.TryWrite(new Command(Encode("PUBLISH"u8.ToArray(), Encoding.UTF8.GetBytes(channel), message.ToArray()), null));

    public async Task<long> CountSubscribersAsync(string channel, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        byte[] command = Encode("PUBSUB"u8.ToArray(), "NUMSUB"u8.ToArray(), Encoding.UTF8.GetBytes(channel));
        if (!_commands.Writer.TryWrite(new Command(command, answer))) throw new IOException("The queue to Redis is full.");
        object? reply = await answer.Task.WaitAsync(_options.RequestTimeout, _time, ct).ConfigureAwait(false);
        return reply is object?[] { Length: 2 } pair && pair[1] is long count ? count : 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        _stop.Dispose();
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (c is '*' or '?' or '[' or ']' or '\\') escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    private async Task ForeverAsync(Func<CancellationToken, Task> loop)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (!_stop.IsCancellationRequested)
        {
            long started = _time.GetTimestamp();
            try
            {
                await loop(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException or InvalidDataException or System.Security.Authentication.AuthenticationException)
            {
                _log.ClusterMessage("connection to Redis lost", e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // A connection that held for a while starts over with a short pause.
            pause = _time.GetElapsedTime(started) > TimeSpan.FromSeconds(10) ? TimeSpan.FromMilliseconds(100) : pause;
            try
            {
                await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 5_000));
        }
    }

    private async Task SubscribeLoopAsync(CancellationToken ct)
    {
        await using var stream = await ConnectAsync(ct).ConfigureAwait(false);
        var reader = new RespReader(PipeReader.Create(stream));
        string[] channels, patterns;
        lock (_gate)
        {
            _subscribed = stream;
            channels = [.. _channels];
            patterns = [.. _patterns];
        }

        try
        {
            await AuthenticateAsync(stream, reader, ct).ConfigureAwait(false);
            if (channels.Length > 0) await SendSubscriptionsAsync(stream, channels, patterns, "SUBSCRIBE", "PSUBSCRIBE").ConfigureAwait(false);
            while (true)
            {
                if (await reader.ReadAsync(ct).ConfigureAwait(false) is not object?[] push || push[0] is not byte[] kind) continue;
                switch (Encoding.ASCII.GetString(kind))
                {
                    case "message" when push is [_, byte[] channel, byte[] body]:
                        _onMessage(Encoding.UTF8.GetString(channel), body);
                        break;
                    case "pmessage" when push is [_, _, byte[] channel, byte[] body]:
                        _onMessage(Encoding.UTF8.GetString(channel), body);
                        break;
                    case "psubscribe" when push is [_, byte[] pattern, ..]:
                        if (_confirmations.TryGetValue(Encoding.UTF8.GetString(pattern), out var confirmed)) confirmed.TrySetResult();
                        break;
                }
            }
        }
        finally
        {
            lock (_gate) _subscribed = null;
        }
    }

    private async Task PublishLoopAsync(CancellationToken ct)
    {
        await using var stream = await ConnectAsync(ct).ConfigureAwait(false);
        var reader = new RespReader(PipeReader.Create(stream));
        await AuthenticateAsync(stream, reader, ct).ConfigureAwait(false);
        var replies = Channel.CreateUnbounded<TaskCompletionSource<object?>?>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadRepliesAsync(reader, replies.Reader, ended);
        try
        {
            var batch = new ArrayBufferWriter<byte>();
            while (await _commands.Reader.WaitToReadAsync(ended.Token).ConfigureAwait(false))
            {
                batch.ResetWrittenCount();
                while (batch.WrittenCount < 64 * 1024 && _commands.Reader.TryRead(out var command))
                {
                    batch.Write(command.Bytes);
                    replies.Writer.TryWrite(command.Answer);
                }

                await stream.WriteAsync(batch.WrittenMemory, ended.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new IOException("Redis hung up.");
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            while (replies.Reader.TryRead(out var waiting)) waiting?.TrySetException(new IOException("The connection to Redis was lost."));
        }
    }

    private static async Task ReadRepliesAsync(RespReader reader, ChannelReader<TaskCompletionSource<object?>?> waiting, CancellationTokenSource ended)
    {
        try
        {
            while (true)
            {
                object? reply = await reader.ReadAsync(ended.Token).ConfigureAwait(false);
                if (waiting.TryRead(out var answer)) answer?.TrySetResult(reply);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException or OperationCanceledException)
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = new System.Net.Sockets.Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_options.Host, _options.Port, ct).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (!_options.Tls) return stream;
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = _options.Host }, ct).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AuthenticateAsync(Stream stream, RespReader reader, CancellationToken ct)
    {
        if (_options.Password is null) return;
        byte[] command = _options.User is null
            ? Encode("AUTH"u8.ToArray(), Encoding.UTF8.GetBytes(_options.Password))
            : Encode("AUTH"u8.ToArray(), Encoding.UTF8.GetBytes(_options.User), Encoding.UTF8.GetBytes(_options.Password));
        await stream.WriteAsync(command, ct).ConfigureAwait(false);
        await reader.ReadAsync(ct).ConfigureAwait(false);
    }

    private static async Task SendSubscriptionsAsync(
        Stream stream, IReadOnlyList<string> channels, IReadOnlyList<string> patterns, string byName, string byPattern)
    {
        byte[] commands =
        [
            .. Encode([Encoding.ASCII.GetBytes(byName), .. channels.Select(Encoding.UTF8.GetBytes)]),
            .. Encode([Encoding.ASCII.GetBytes(byPattern), .. patterns.Select(Encoding.UTF8.GetBytes)]),
        ];
        try
        {
            await stream.WriteAsync(commands).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The loop that reads this connection notices too, and subscribes to everything on the next.
        }
    }

    private static byte[] Encode(params byte[][] parts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{parts.Length}\r\n")));
        foreach (byte[] part in parts)
        {
            buffer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${part.Length}\r\n")));
            buffer.Write(part);
            buffer.Write("\r\n"u8);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private sealed record Command(byte[] Bytes, TaskCompletionSource<object?>? Answer);
}
