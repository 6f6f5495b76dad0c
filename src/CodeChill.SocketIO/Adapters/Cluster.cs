using System.Collections.Concurrent;
using System.Text.Json;
using CodeChill.SocketIO.Engine;

namespace CodeChill.SocketIO.Adapters;

/// <summary>
/// This node's part in a cluster that speaks the classic protocol of <c>@socket.io/redis-adapter</c>, so Node and .NET servers can share
/// namespaces. Per namespace: broadcasts go to <c>socket.io#&lt;nsp&gt;#[&lt;room&gt;#]</c> as MessagePack <c>[uid, packet, options]</c>; requests to
/// <c>socket.io-request#&lt;nsp&gt;#</c> and answers to <c>socket.io-response#&lt;nsp&gt;#</c> as JSON or MessagePack, told apart by the first byte.
/// </summary>
internal sealed class Cluster(IClusterBus bus, string key, TimeSpan timeout, TimeProvider time, EngineLog log)
{
    private readonly ConcurrentDictionary<string, ClassicNamespace> _byName = new(StringComparer.Ordinal);

    public IClusterBus Bus { get; } = bus;

    public string Key { get; } = key;

    public TimeSpan RequestTimeout { get; } = timeout;

    public TimeProvider Time { get; } = time;

    public EngineLog Log { get; } = log;

    /// <summary>Names this node in its messages, so that it can tell them from others'.</summary>
    public string Uid { get; } = SecretId.Create()[..6];

    public void Start() => Bus.Listen(OnMessage);

    public async Task AttachAsync(Namespace nsp, CancellationToken ct)
    {
        var cluster = new ClassicNamespace(this, nsp);
        _byName[nsp.Name] = cluster;
        await Bus.SubscribeAsync(cluster.Channels, cluster.BroadcastPrefix, ct).ConfigureAwait(false);
        nsp.Cluster = cluster;
    }

    public void Detach(Namespace nsp)
    {
        if (nsp.Cluster is not ClassicNamespace cluster) return;
        _byName.TryRemove(new KeyValuePair<string, ClassicNamespace>(nsp.Name, cluster));
        Bus.Unsubscribe(cluster.Channels, cluster.BroadcastPrefix);
    }

    private void OnMessage(string channel, ReadOnlyMemory<byte> message)
    {
        // <key>[-request|-response]#<namespace>#...
        int first = channel.IndexOf('#', StringComparison.Ordinal);
        int second = first < 0 ? -1 : channel.IndexOf('#', first + 1);
        if (second < 0 || !_byName.TryGetValue(channel[(first + 1)..second], out var nsp)) return;
        try
        {
            var attachments = new List<ReadOnlyMemory<byte>>();
            var json = message.Span is [(byte)'{', ..]
                ? JsonElement.Parse(message.Span)
                : JsonElement.Parse(MessagePackJson.ToJson(message.Span, attachments));
            switch (channel[..first][Key.Length..])
            {
                case "":
                    nsp.OnBroadcast(json, attachments);
                    break;
                case "-request":
                    nsp.OnRequest(json, attachments);
                    break;
                case "-response":
                    nsp.OnResponse(json, attachments);
                    break;
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException or IndexOutOfRangeException)
        {
            Log.ClusterMessage("malformed", e);
        }
    }
}
