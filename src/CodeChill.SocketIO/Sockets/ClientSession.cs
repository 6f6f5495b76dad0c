using System.Text;
using System.Text.Json;
using CodeChill.SocketIO.Engine;
using CodeChill.SocketIO.Packets;

namespace CodeChill.SocketIO.Sockets;

/// <summary>
/// The Socket.IO side of a connection: decodes packets, joins namespaces, routes events and acknowledgements to sockets, and puts binary
/// packets together. Packets are handled strictly in order; a violation ends the connection with a parse error.
/// </summary>
internal sealed class ClientSession : EngineSession
{
    private static readonly JsonElement EmptyAuth = JsonElement.Parse("{}"u8);

    private readonly HandshakeRequest _request;
    private Socket[] _sockets = [];
    private Socket[] _connecting = [];
    private Assembly? _assembly;
    private long _connectDue;
    private long _assemblyDue = Never;
    private int _queuedEvents;
    private TaskCompletionSource? _room;
    private bool _joinedOnce;

    public ClientSession(EngineServer server, SocketIOServer io, HandshakeRequest request)
        : base(server)
    {
        Io = io;
        _request = request;
        _connectDue = server.Wheel.Now + (long)io.Options.ConnectTimeout.TotalMilliseconds;
    }

    public SocketIOServer Io { get; }

    internal override bool ReadPaused => Volatile.Read(ref _queuedEvents) >= Io.Options.MaxQueuedEvents;

    protected override long UpperDeadline => Math.Min(_connectDue, _assemblyDue);

    internal override Task WaitForRoomAsync()
    {
        lock (Gate)
        {
            if (!ReadPaused || !IsOpen) return Task.CompletedTask;
            return (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    internal void InboundAdded() => Interlocked.Increment(ref _queuedEvents);

    internal void InboundTaken()
    {
        // Half, so that a full queue isn't drained one wake-up per event.
        if (Interlocked.Decrement(ref _queuedEvents) != Io.Options.MaxQueuedEvents / 2) return;
        TaskCompletionSource? room;
        lock (Gate)
        {
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
    }

    /// <summary>The server's side of <c>Disconnect(close: true)</c>: every namespace is left, then the connection ends after its queue.</summary>
    internal void DisconnectAll()
    {
        foreach (var socket in Snapshot()) socket.Disconnect();
        Close(DisconnectReasons.ForcedServerClose, null, CloseKind.Flush);
    }

    /// <summary>Ends the connection after its queue, with no DISCONNECT: the client takes it for a lost transport.</summary>
    internal void Abort() => Close(DisconnectReasons.ForcedServerClose, null, CloseKind.Flush);

    internal void Forget(Socket socket)
    {
        lock (Gate) _sockets = Without(_sockets, socket);
    }

    protected override void OnMessage(ReadOnlySpan<byte> text)
    {
        var violation = Handle(text);
        if (violation != ProtocolViolation.None) Violate(violation);
    }

    protected override void OnBinary(ReadOnlySpan<byte> data)
    {
        if (_assembly is not { } assembly)
        {
            Violate(ProtocolViolation.UnexpectedBinary);
            return;
        }

        assembly.Bytes += data.Length;
        if (assembly.Bytes > Io.Options.MaxPacketBytes)
        {
            Violate(ProtocolViolation.PacketTooLarge);
            return;
        }

        assembly.Attachments[assembly.Received++] = data.ToArray();
        if (assembly.Received < assembly.Attachments.Length) return;
        _assembly = null;
        lock (Gate) _assemblyDue = Never;
        Deliver(assembly.Namespace, assembly.IsEvent, assembly.Id, assembly.Json, assembly.Ranges, assembly.NameIsNumber, assembly.Attachments);
    }

    protected override void OnUpperDeadline(long now)
    {
        bool late;
        lock (Gate)
        {
            late = now >= _assemblyDue;
            if (!late && now >= _connectDue)
            {
                _connectDue = Never;
                if (_sockets.Length > 0) return;
            }
        }

        if (late) Close(DisconnectReasons.ParseError, "attachments missing");
        else Close(DisconnectReasons.ForcedClose, "no namespace joined in time");
    }

    protected override void OnClosed(string reason, string? description)
    {
        Socket[] all;
        TaskCompletionSource? room;
        lock (Gate)
        {
            all = [.. _sockets, .. _connecting];
            _sockets = [];
            _connecting = [];
            room = _room;
            _room = null;
        }

        _assembly = null;
        Joined();
        room?.TrySetResult();
        foreach (var socket in all) socket.Close(reason, description);
    }

    private ProtocolViolation Handle(ReadOnlySpan<byte> text)
    {
        var violation = SocketCodec.ReadHeader(text, Io.Options.MaxAttachments, out var header);
        if (violation != ProtocolViolation.None) return violation;
        if (_assembly is not null) return ProtocolViolation.UnexpectedText;
        switch (header.Type)
        {
            case SocketPacketType.Connect:
                return OnConnect(header);
            case SocketPacketType.Disconnect:
                if (!header.Json.IsEmpty || header.Id >= 0) return ProtocolViolation.InvalidPayload;
                if (Find(header.Namespace) is not { } leaving) return ProtocolViolation.NotJoined;
                leaving.Close(DisconnectReasons.ClientNamespaceDisconnect, null);
                return ProtocolViolation.None;
            case SocketPacketType.ConnectError:
                return ProtocolViolation.UnexpectedPacket;
            default:
                return OnArguments(header);
        }
    }

    private ProtocolViolation OnArguments(in SocketPacketHeader header)
    {
        bool isEvent = header.Type is SocketPacketType.Event or SocketPacketType.BinaryEvent;
        if (!isEvent && header.Id < 0 && header.Json.IsEmpty) return ProtocolViolation.InvalidPayload;
        var ranges = new RangeList(stackalloc int[32]);
        bool nameIsNumber = false;
        if (!header.Json.IsEmpty)
        {
            var violation = SocketCodec.ScanArguments(
                header.Json, isEvent, header.Attachments, Io.Options.MaxDepth, ref ranges, out nameIsNumber);
            if (violation != ProtocolViolation.None) return violation;
        }
        else if (header.Attachments > 0)
        {
            return ProtocolViolation.InvalidPayload;
        }

        if (Find(header.Namespace) is not { } socket) return ProtocolViolation.NotJoined;

        // An event without a payload has no name; the reference lets it pass without effect.
        if (isEvent && ranges.Count == 0) return ProtocolViolation.None;
        byte[] json = header.Json.ToArray();
        if (header.Attachments == 0)
        {
            Deliver(socket.Namespace, isEvent, header.Id, json, ranges.Items, nameIsNumber, []);
            return ProtocolViolation.None;
        }

        _assembly = new Assembly
        {
            Namespace = socket.Namespace,
            IsEvent = isEvent,
            Id = header.Id,
            Json = json,
            Ranges = ranges.Items.ToArray(),
            NameIsNumber = nameIsNumber,
            Attachments = new ReadOnlyMemory<byte>[header.Attachments],
            Bytes = json.Length,
        };
        lock (Gate) _assemblyDue = Server.Wheel.Now + (long)Io.Options.AttachmentTimeout.TotalMilliseconds;
        Reschedule();
        return ProtocolViolation.None;
    }

    private void Deliver(
        Namespace nsp, bool isEvent, long id, byte[] json, ReadOnlySpan<int> ranges, bool nameIsNumber, ReadOnlyMemory<byte>[] attachments)
    {
        // Looked up again: the socket may have gone while its attachments were on their way.
        if (Find(nsp) is not { } socket) return;
        var arguments = new SocketArguments(json, ranges, isEvent ? 1 : 0, attachments, nsp.Encoder.Json);
        if (!isEvent)
        {
            if (id >= 0) socket.ReceiveAck(id, arguments);
            return;
        }

        var name = json.AsSpan(ranges[0]..ranges[1]);
        string text = nameIsNumber ? Encoding.UTF8.GetString(name) : socket.KnownName(name[1..^1]) ?? DecodeName(name);
        socket.Dispatch(new SocketEvent(socket, text, arguments, id));
    }

    private static string DecodeName(ReadOnlySpan<byte> quoted)
    {
        if (!quoted.Contains((byte)'\\')) return Encoding.UTF8.GetString(quoted[1..^1]);
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate escape: no handler can have that name, but a catch-all may see it.
            return Encoding.UTF8.GetString(quoted[1..^1]);
        }
    }

    private ProtocolViolation OnConnect(in SocketPacketHeader header)
    {
        if (header.Id >= 0) return ProtocolViolation.InvalidPayload;
        var auth = EmptyAuth;
        if (!header.Json.IsEmpty)
        {
            if (!SocketCodec.IsObject(header.Json, Io.Options.MaxDepth)) return ProtocolViolation.InvalidPayload;
            auth = JsonElement.Parse(header.Json, new JsonDocumentOptions { MaxDepth = Io.Options.MaxDepth });
        }

        string name = header.Namespace.IsEmpty ? "/" : Encoding.UTF8.GetString(header.Namespace);
        lock (Gate)
        {
            if (_sockets.Any(s => s.Namespace.Name == name) || _connecting.Any(s => s.Namespace.Name == name))
                return ProtocolViolation.AlreadyJoined;
            if (_sockets.Length + _connecting.Length >= Io.Options.MaxNamespacesPerConnection) return ProtocolViolation.TooManyNamespaces;
        }

        var handshake = new Handshake(_request, auth);
        if (Io.TryReserve(name, out var nsp)) _ = ConnectAsync(nsp, handshake);
        else if (Io.HasMatchers) _ = MatchAsync(name, handshake);
        else Refuse(name, "Invalid namespace", null);
        return ProtocolViolation.None;
    }

    private async Task MatchAsync(string name, Handshake handshake)
    {
        Namespace? nsp = null;
        try
        {
            nsp = await Io.MatchAsync(name, handshake).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The application's matcher.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Server.Log.HandlerFailed(e, "connect", name);
        }

        if (nsp is null) Refuse(name, "Invalid namespace", null);
        else await ConnectAsync(nsp, handshake).ConfigureAwait(false);
    }

    private async Task ConnectAsync(Namespace nsp, Handshake handshake)
    {
        var recovered = Recover(nsp, handshake.Auth, out string? recoveryId);
        var socket = new Socket(nsp, this, recovered?.Id ?? SecretId.Create(), handshake, recoveryId);
        if (recovered is not null) socket.Restore(recovered.Rooms, recovered.State, recovered.SharedData);
        bool admitted;
        lock (Gate)
        {
            // A matched namespace's name was free before its matcher ran; two CONNECTs may have raced through it.
            admitted = IsOpen && !_sockets.Any(s => ReferenceEquals(s.Namespace, nsp)) && !_connecting.Any(s => ReferenceEquals(s.Namespace, nsp));
            if (admitted) _connecting = [.. _connecting, socket];
        }

        if (!admitted)
        {
            socket.Close(DisconnectReasons.TransportClose, null);
            return;
        }

        string? message = null;
        object? data = null;
        try
        {
            if (recovered is null || !nsp.Recovery!.Options.SkipMiddlewares) await nsp.RunMiddlewaresAsync(socket).ConfigureAwait(false);
        }
        catch (ConnectErrorException e)
        {
            message = e.Message;
            data = e.ErrorData;
        }
        catch (OperationCanceledException) when (!IsOpen)
        {
            message = "gone";
        }
#pragma warning disable CA1031 // The application's middleware: its message may hold secrets, the client gets none of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Server.Log.HandlerFailed(e, "connect", nsp.Name);
            message = "Internal error";
        }

        bool joined = false;
        lock (Gate)
        {
            _connecting = Without(_connecting, socket);
            if (message is null && IsOpen)
            {
                _sockets = [.. _sockets, socket];
                _connectDue = Never;
                joined = true;
            }
        }

        if (!joined)
        {
            socket.Close(DisconnectReasons.TransportClose, null);
            if (message is not null && IsOpen)
            {
                Server.Log.Refused(socket.Id, nsp.Name, message);
                Refuse(nsp.Name, message, data);
            }

            return;
        }

        Joined();
        var answer = new Dictionary<string, string> { ["sid"] = socket.Id };
        if (nsp.Recovery is { } recovery)
        {
            answer["pid"] = recoveryId!;
            lock (recovery.Gate)
            {
                // Replay, answer and admission are one step for whoever emits: nothing is missed between them, nothing comes twice.
                if (recovered is not null)
                {
                    foreach (var packet in recovery.Missed(recovered.Seen, socket.Id, socket.Rooms)) Send(packet);
                }

                Send(nsp.Encoder.Control(SocketPacketType.Connect, nsp.Name, answer));
                if (!socket.BeginConnected()) return;
                recovery.Register(socket);
            }
        }
        else
        {
            Send(nsp.Encoder.Control(SocketPacketType.Connect, nsp.Name, answer));
            if (!socket.BeginConnected()) return;
        }

        socket.PostConnected();
    }

    private RecoveryLog.Recovered? Recover(Namespace nsp, JsonElement auth, out string? recoveryId)
    {
        recoveryId = null;
        if (nsp.Recovery is not { } recovery) return null;
        recoveryId = SecretId.Create();
        if (!auth.TryGetProperty("pid"u8, out var pid) || pid.ValueKind != JsonValueKind.String) return null;
        string id = pid.GetString()!;
        string? offset = auth.TryGetProperty("offset"u8, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        // The client knows better than we do that its old connection is gone.
        if (recovery.Alive(id) is { } old && !ReferenceEquals(old.Client, this))
            old.Client.Close(DisconnectReasons.TransportClose, "replaced by a new connection");
        var recovered = recovery.TryRecover(id, offset);
        if (recovered is not null) recoveryId = id;
        return recovered;
    }

    private void Refuse(string nsp, string message, object? data)
    {
        var payload = new Dictionary<string, object?> { ["message"] = message };
        if (data is not null) payload["data"] = data;
        Send(Io.Encoder.Control(SocketPacketType.ConnectError, nsp, payload));
    }

    private void Joined()
    {
        if (Interlocked.Exchange(ref _joinedOnce, true)) return;
        Io.SessionJoined();
    }

    private void Violate(ProtocolViolation violation)
    {
        _assembly = null;
        Close(DisconnectReasons.ParseError, violation.ToString());
    }

    private Socket[] Snapshot()
    {
        lock (Gate) return _sockets;
    }

    private Socket? Find(ReadOnlySpan<byte> name)
    {
        foreach (var socket in Snapshot())
        {
            if (name.IsEmpty ? socket.Namespace.Name.Length == 1 : name.SequenceEqual(socket.Namespace.Utf8Name)) return socket;
        }

        return null;
    }

    private Socket? Find(Namespace nsp)
    {
        foreach (var socket in Snapshot())
        {
            if (ReferenceEquals(socket.Namespace, nsp)) return socket;
        }

        return null;
    }

    private static Socket[] Without(Socket[] sockets, Socket socket)
    {
        int index = Array.IndexOf(sockets, socket);
        return index < 0 ? sockets : sockets.Length == 1 ? [] : [.. sockets.AsSpan(0, index), .. sockets.AsSpan(index + 1)];
    }

    /// <summary>A binary packet whose attachments are on their way.</summary>
    private sealed class Assembly
    {
        public required Namespace Namespace { get; init; }

        public required bool IsEvent { get; init; }

        public required long Id { get; init; }

        public required byte[] Json { get; init; }

        public required int[] Ranges { get; init; }

        public required bool NameIsNumber { get; init; }

        public required ReadOnlyMemory<byte>[] Attachments { get; init; }

        public int Received { get; set; }

        public long Bytes { get; set; }
    }
}
