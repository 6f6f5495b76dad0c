using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Adapters;

/// <summary>A namespace in the classic protocol.</summary>
internal sealed class ClassicNamespace : ClusterNamespace
{
    private const int RemoteJoin = 2;
    private const int RemoteLeave = 3;
    private const int RemoteDisconnect = 4;
    private const int RemoteFetch = 5;
    private const int BroadcastAckRequest = 7;
    private const int ClientCount = 8;
    private const int AckAnswer = 9;

    private static readonly List<ReadOnlyMemory<byte>> NoAttachments = [];

    private readonly Cluster _cluster;
    private readonly Namespace _nsp;
    private readonly string _requests;
    private readonly string _responses;
    private readonly ConcurrentDictionary<string, Collector> _collectors = new(StringComparer.Ordinal);

    public ClassicNamespace(Cluster cluster, Namespace nsp)
    {
        _cluster = cluster;
        _nsp = nsp;
        BroadcastPrefix = $"{cluster.Key}#{nsp.Name}#";
        _requests = $"{cluster.Key}-request#{nsp.Name}#";
        _responses = $"{cluster.Key}-response#{nsp.Name}#";
    }

    public string BroadcastPrefix { get; }

    public IReadOnlyList<string> Channels => [_requests, _responses, $"{_responses}{_cluster.Uid}#"];

    public override void Broadcast(BroadcastOperator target, string ev, ReadOnlySpan<object?> args)
    {
        var (array, attachments) = _nsp.Encoder.Arguments(ev, args);
        var message = new JsonArray(_cluster.Uid, Packet(array), Options(target));
        string channel = target.Rooms.Length == 1 ? $"{BroadcastPrefix}{target.Rooms[0]}#" : BroadcastPrefix;
        _cluster.Bus.Publish(channel, MessagePackJson.FromJson(JsonSerializer.SerializeToElement(message), attachments));
    }

    public override async Task<(List<SocketArguments> Answers, int Clients)> BroadcastWithAck(
        BroadcastOperator target, string ev, object?[] args, TimeSpan timeout, CancellationToken ct)
    {
        var (array, attachments) = _nsp.Encoder.Arguments(ev, args);
        var options = Options(target);
        options["flags"] = new JsonObject { ["timeout"] = (long)timeout.TotalMilliseconds };
        var collector = new Collector();
        string id = Register(collector);
        try
        {
            collector.Nodes = await OtherNodesAsync(ct).ConfigureAwait(false);
            if (collector.Nodes == 0) return ([], 0);
            var request = new JsonObject
            {
                ["uid"] = _cluster.Uid,
                ["requestId"] = id,
                ["type"] = BroadcastAckRequest,
                ["packet"] = Packet(array),
                ["opts"] = options,
            };
            _cluster.Bus.Publish(_requests, MessagePackJson.FromJson(JsonSerializer.SerializeToElement(request), attachments));
            await collector.WaitAsync(timeout, _cluster.Time, ct).ConfigureAwait(false);
            lock (collector) return ([.. collector.Acks], collector.Clients);
        }
        finally
        {
            _collectors.TryRemove(id, out _);
        }
    }

    public override void SocketsJoin(BroadcastOperator target, string room) =>
        Request(RemoteJoin, target, static (request, room) => request["rooms"] = new JsonArray(room), room);

    public override void SocketsLeave(BroadcastOperator target, string room) =>
        Request(RemoteLeave, target, static (request, room) => request["rooms"] = new JsonArray(room), room);

    public override void DisconnectSockets(BroadcastOperator target, bool close) =>
        Request(RemoteDisconnect, target, static (request, close) => request["close"] = close, close);

    public override async Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(BroadcastOperator target, CancellationToken ct)
    {
        var collector = new Collector();
        string id = Register(collector);
        try
        {
            collector.Nodes = await OtherNodesAsync(ct).ConfigureAwait(false);
            if (collector.Nodes == 0) return [];
            Request(RemoteFetch, target, static (request, id) => request["requestId"] = id, id);
            await collector.WaitAsync(_cluster.RequestTimeout, _cluster.Time, ct).ConfigureAwait(false);
            lock (collector) return [.. collector.Sockets];
        }
        finally
        {
            _collectors.TryRemove(id, out _);
        }
    }

    public void OnBroadcast(JsonElement message, List<ReadOnlyMemory<byte>> attachments)
    {
        if (message[0].GetString() == _cluster.Uid) return;
        var packet = message[1];
        var target = Target(message[2]);
        if (packet.TryGetProperty("nsp"u8, out var nsp) && nsp.GetString() != _nsp.Name) return;
        var data = packet.GetProperty("data"u8);
        var type = attachments.Count > 0 ? SocketPacketType.BinaryEvent : SocketPacketType.Event;
        var encoded = PacketEncoder.Raw(
            type, _nsp.Name, -1, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(data), [.. attachments], target.Compressed);
        _nsp.Deliver(target, encoded, data[0].ToString(), null);
    }

    public void OnRequest(JsonElement request, List<ReadOnlyMemory<byte>> attachments)
    {
        if (request.TryGetProperty("uid"u8, out var uid) && uid.GetString() == _cluster.Uid) return;
        int type = request.GetProperty("type"u8).GetInt32();
        var target = request.TryGetProperty("opts"u8, out var options) ? Target(options)
            : request.TryGetProperty("sid"u8, out var sid) ? new BroadcastOperator(_nsp).To(sid.GetString()!)
            : new BroadcastOperator(_nsp);
        switch (type)
        {
            case RemoteJoin or RemoteLeave:
                foreach (var socket in _nsp.Select(target))
                {
                    foreach (var room in request.GetProperty("rooms"u8).EnumerateArray())
                    {
                        if (type == RemoteJoin) socket.Join(room.ToString());
                        else socket.Leave(room.ToString());
                    }
                }

                break;
            case RemoteDisconnect:
                bool close = request.TryGetProperty("close"u8, out var flag) && flag.ValueKind == JsonValueKind.True;
                foreach (var socket in _nsp.Select(target)) socket.Disconnect(close);
                break;
            case RemoteFetch:
                Respond(new JsonObject { ["requestId"] = request.GetProperty("requestId"u8).GetString(), ["sockets"] = Describe(target) });
                break;
            case BroadcastAckRequest:
                _ = AnswerAcksAsync(request, target, attachments);
                break;
        }
    }

    public void OnResponse(JsonElement response, List<ReadOnlyMemory<byte>> attachments)
    {
        if (!response.TryGetProperty("requestId"u8, out var id) || !_collectors.TryGetValue(id.GetString()!, out var collector)) return;
        if (response.TryGetProperty("sockets"u8, out var sockets))
        {
            var found = sockets.EnumerateArray().Select(s => new RemoteSocket(
                _nsp, s.GetProperty("id").GetString()!, [.. s.GetProperty("rooms").EnumerateArray().Select(static r => r.ToString())],
                s.GetProperty("handshake").Clone(), s.TryGetProperty("data", out var data) ? data.Clone() : JsonElement.Parse("{}"u8))).ToList();
            collector.AddSockets(found);
            return;
        }

        if (!response.TryGetProperty("type"u8, out var type)) return;
        if (type.GetInt32() == ClientCount) collector.AddCount(response.GetProperty("clientCount"u8).GetInt32());
        else if (type.GetInt32() == AckAnswer) collector.AddAck(Single(response, attachments));
    }

    /// <summary>The reference passes the first argument of each acknowledgement.</summary>
    private SocketArguments Single(JsonElement response, List<ReadOnlyMemory<byte>> attachments)
    {
        byte[] raw = response.TryGetProperty("packet"u8, out var packet)
            ? System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(packet).ToArray()
            : [.. "null"u8];
        return new SocketArguments(raw, [0, raw.Length], 0, [.. attachments], _nsp.Encoder.Json);
    }

    private async Task AnswerAcksAsync(JsonElement request, BroadcastOperator target, List<ReadOnlyMemory<byte>> attachments)
    {
        string id = request.GetProperty("requestId"u8).GetString()!;
        var timeout = request.GetProperty("opts"u8).TryGetProperty("flags"u8, out var flags) && flags.ValueKind == JsonValueKind.Object
            && flags.TryGetProperty("timeout"u8, out var ms) && ms.TryGetDouble(out double value) && value is > 0 and < 600_000
            ? TimeSpan.FromMilliseconds(value)
            : _cluster.RequestTimeout;
        var sockets = _nsp.Select(target);
        Respond(new JsonObject { ["type"] = ClientCount, ["requestId"] = id, ["clientCount"] = sockets.Count });
        long ackId = _nsp.NextAckId();
        var data = request.GetProperty("packet"u8).GetProperty("data"u8);
        var type = attachments.Count > 0 ? SocketPacketType.BinaryEvent : SocketPacketType.Event;
        var packet = PacketEncoder.Raw(
            type, _nsp.Name, ackId, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(data), [.. attachments]);
        await Task.WhenAll(sockets.Select(AnswerAsync)).ConfigureAwait(false);

        async Task AnswerAsync(Socket socket)
        {
            try
            {
                var result = await socket.SendAwaitingAck(ackId, packet, timeout, CancellationToken.None).ConfigureAwait(false);
                if (!result.IsAcknowledged) return;
                var answer = new JsonObject { ["type"] = AckAnswer, ["requestId"] = id };
                if (result.Count > 0) answer["packet"] = JsonNode.Parse(result.Arguments!.RawUtf8(0));
                _cluster.Bus.Publish(_responses, MessagePackJson.FromJson(JsonSerializer.SerializeToElement(answer), result.Arguments!.Attachments));
            }
            catch (InvalidOperationException e)
            {
                // Too many acknowledgements awaited from this socket: it counts as one that doesn't answer.
                _cluster.Log.ClusterMessage("acknowledgements over the limit", e);
            }
        }
    }

    private JsonArray Describe(BroadcastOperator target)
    {
        var sockets = new JsonArray();
        foreach (var socket in _nsp.Select(target))
        {
            sockets.Add(new JsonObject
            {
                ["id"] = socket.Id,
                ["handshake"] = JsonNode.Parse(socket.HandshakeJson().GetRawText()),
                ["rooms"] = new JsonArray([.. socket.Rooms.Select(static r => (JsonNode)r)]),
                ["data"] = JsonNode.Parse(socket.SharedDataJson().GetRawText()),
            });
        }

        return sockets;
    }

    private JsonObject Packet(byte[] array) => new() { ["type"] = (int)SocketPacketType.Event, ["data"] = JsonNode.Parse(array), ["nsp"] = _nsp.Name };

    private static JsonObject Options(BroadcastOperator target)
    {
        string[] except = target.Sender is { } sender ? [sender.Id, .. target.Exceptions] : target.Exceptions;
        var flags = new JsonObject();
        if (target.IsVolatile) flags["volatile"] = true;
        if (!target.Compressed) flags["compress"] = false;
        return new JsonObject
        {
            ["rooms"] = new JsonArray([.. target.Rooms.Select(static r => (JsonNode)r)]),
            ["except"] = new JsonArray([.. except.Select(static r => (JsonNode)r)]),
            ["flags"] = flags,
        };
    }

    private BroadcastOperator Target(JsonElement options)
    {
        var target = new BroadcastOperator(_nsp);
        if (options.TryGetProperty("rooms"u8, out var rooms)) target = target.To(rooms.EnumerateArray().Select(static r => r.ToString()));
        if (options.TryGetProperty("except"u8, out var except))
        {
            foreach (var exception in except.EnumerateArray()) target = target.Except(exception.ToString());
        }

        if (options.TryGetProperty("flags"u8, out var flags) && flags.ValueKind == JsonValueKind.Object)
        {
            if (flags.TryGetProperty("volatile"u8, out var v) && v.ValueKind == JsonValueKind.True) target = target.Volatile;
            if (flags.TryGetProperty("compress"u8, out var c) && c.ValueKind == JsonValueKind.False) target = target.Compress(false);
        }

        return target;
    }

    private void Request<T>(int type, BroadcastOperator target, Action<JsonObject, T> fill, T value)
    {
        var request = new JsonObject { ["uid"] = _cluster.Uid, ["type"] = type, ["opts"] = Options(target) };
        fill(request, value);
        _cluster.Bus.Publish(_requests, JsonSerializer.SerializeToUtf8Bytes(request));
    }

    private void Respond(JsonObject response) => _cluster.Bus.Publish(_responses, JsonSerializer.SerializeToUtf8Bytes(response));

    private string Register(Collector collector)
    {
        string id = SecretId.Create();
        _collectors[id] = collector;
        return id;
    }

    private async Task<int> OtherNodesAsync(CancellationToken ct)
    {
        try
        {
            return (int)Math.Max(0, await _cluster.Bus.CountSubscribersAsync(_requests, ct).ConfigureAwait(false) - 1);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // The bus is away: this node is all there is for now.
            _cluster.Log.ClusterMessage("nodes not counted", e);
            return 0;
        }
    }

    /// <summary>Answers of other nodes to one question; complete, or as far as they got when the time is up.</summary>
    private sealed class Collector
    {
        private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _answered;

        public int Nodes { get; set; }

        public int Clients { get; private set; }

        public List<RemoteSocket> Sockets { get; } = [];

        public List<SocketArguments> Acks { get; } = [];

        public void AddSockets(List<RemoteSocket> found)
        {
            lock (this)
            {
                Sockets.AddRange(found);
                if (++_answered >= Nodes) _complete.TrySetResult();
            }
        }

        public void AddCount(int clients)
        {
            lock (this)
            {
                Clients += clients;
                _answered++;
                Check();
            }
        }

        public void AddAck(SocketArguments ack)
        {
            lock (this)
            {
                Acks.Add(ack);
                Check();
            }
        }

        public async Task WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken ct)
        {
            try
            {
                await _complete.Task.WaitAsync(timeout, time, ct).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // A part of the truth is worth more than an error.
            }
        }

        private void Check()
        {
            if (_answered >= Nodes && Acks.Count >= Clients) _complete.TrySetResult();
        }
    }
}
