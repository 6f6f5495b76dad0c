using System.Text.Json;
using CodeChill.Server.Documents;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Rooms;

/// <summary>Presence: which sockets are in, and the one way out to them.</summary>
internal sealed partial class RoomGrain
{
    private readonly Dictionary<string, RoomSocket> _sockets = [];
    private readonly Dictionary<IRoomRelay, RelayLink> _relays = [];
    private long _retiredSeq;

    public async Task<Outcome<RoomReply<RoomJoinedEvent>>> AttachAsync(SocketIdentity socket, IRoomRelay relay, string? password)
    {
        var admitted = await AdmitAsync(socket.UserId, password);
        if (admitted.Error is { } refused)
            return refused == RoomErrors.InvalidPassword ? RoomErrors.AccessDenied : refused;
        await OpenAsync();
        var row = await rooms.FindAsync(RoomId);
        var members = (await rooms.MembersAsync([RoomId]))[RoomId];
        if ((row is null ? RoomErrors.NotFound : Authorize(socket.UserId, RoomAction.Read) ?? CountSockets(socket.UserId)) is { } error)
            return error;

        // From here to the return nothing awaits: the content told and the first change after it meet without a gap.
        if (_sockets.TryGetValue(socket.SocketId, out var again))
            Remove(again, null, null, tellSocket: false);
        var firstOfUser = !IsOnline(socket.UserId);
        var entry = Add(socket, relay);
        entry.Replica.Sent(_document!.Version);
        var view = RoomShapes.Details(row!, members, socket.UserId);
        var joined = new RoomJoinedEvent(
            RoomId,
            view with { ContentVersion = _document.Version, Participants = WithPresence(view.Participants), Executions = LiveExecutions(), Sessions = LiveSessions() },
            _document.Text,
            _document.Version);
        entry.Relay.Relay.DeliverAsync(_epoch, new SocketAttached { Seq = ++entry.Relay.Seq, SocketId = socket.SocketId, Joined = joined }).Ignore();
        TellInterrupted(entry);
        // The first to open the room will run something before long: a compiler that is slow to start may start now.
        if (_sockets.Count == 1)
            executions.Queue.Prepare(row!.Language);
        if (firstOfUser)
        {
            Broadcast(
                "user_joined",
                new UserJoinedEvent(socket.UserId, socket.UserName, socket.UserPicture, RoomId),
                except: [.. _sockets.Values.Where(s => s.Identity.UserId == socket.UserId).Select(s => s.Identity.SocketId)]);
        }

        return new RoomReply<RoomJoinedEvent>(joined, Mark(entry));
    }

    public Task ReattachAsync(IReadOnlyList<ReattachedSocket> sockets, IRoomRelay relay)
    {
        foreach (var (socket, audience) in sockets)
        {
            if (_sockets.ContainsKey(socket.SocketId) || Authorize(socket.UserId, RoomAction.Read) is not null)
                continue;
            var entry = Add(socket, relay);
            if (audience == Audience.Yjs)
                BecomeYjs(entry);
            entry.Relay.Relay.DeliverAsync(_epoch, new SocketAttached { Seq = ++entry.Relay.Seq, SocketId = socket.SocketId, Audience = audience }).Ignore();
        }

        return Task.CompletedTask;
    }

    public async Task<Outcome<RoomReply<bool>>> DetachAsync(string socketId, bool tellSocket)
    {
        if (!_sockets.TryGetValue(socketId, out var socket))
            return RoomErrors.NotInRoom;
        Remove(socket, null, null, tellSocket);
        var mark = Mark(socket);
        if (_closed is null)
        {
            try
            {
                await rooms.SeenAsync(RoomId, socket.Identity.UserId);
            }
            catch (Exception failure)
            {
                // When somebody was last seen is not worth failing their leaving for.
                logger.LogDebug(failure, "last_seen of {UserId} not written", socket.Identity.UserId);
            }
        }

        return new RoomReply<bool>(true, mark);
    }

    public async Task<Outcome<RoomReply<RoomStateEvent>>> GetStateAsync(string userId, string socketId)
    {
        if (Authorize(userId, RoomAction.Read) is { } denied)
            return denied;
        var row = await rooms.FindAsync(RoomId);
        var members = (await rooms.MembersAsync([RoomId]))[RoomId];
        var messages = await chat.RecentAsync(RoomId, Chat.ChatLimits.RecentMessages);
        if (row is null || _closed is not null)
            return RoomErrors.NotFound;
        var view = RoomShapes.Details(row, members, userId);
        var participants = WithPresence(view.Participants);
        var state = new RoomStateEvent(
            view with { ContentVersion = _document!.Version, Participants = participants }, _document.Text, _document.Version, participants, messages)
        {
            Executions = LiveExecutions(),
            Sessions = LiveSessions(),
        };
        if (!_sockets.TryGetValue(socketId, out var socket))
            return new RoomReply<RoomStateEvent>(state, default);
        socket.Replica.Sent(_document.Version);
        Tell(socket, "room_state", state);
        return new RoomReply<RoomStateEvent>(state, Mark(socket));
    }

    public Task<Outcome<bool>> MoveCursorAsync(string socketId, JsonText position)
    {
        if (!_sockets.TryGetValue(socketId, out var socket))
            return Task.FromResult<Outcome<bool>>(RoomErrors.NotInRoom);
        socket.Cursor = position;
        Broadcast("cursor_moved", new CursorMovedEvent(socket.Identity.UserId, position), except: [socketId], isVolatile: true);
        return Task.FromResult<Outcome<bool>>(true);
    }

    private bool IsOnline(string userId) => _sockets.Values.Any(s => s.Identity.UserId == userId);

    private Error? CountSockets(string userId)
        => _sockets.Values.Count(s => s.Identity.UserId == userId) >= RoomLimits.SocketsPerUser ? RoomErrors.TooManySockets : null;

    private RoomSocket Add(SocketIdentity socket, IRoomRelay relay)
    {
        if (!_relays.TryGetValue(relay, out var link))
            _relays[relay] = link = new RelayLink(relay) { Seq = _retiredSeq };
        link.Sockets++;
        var entry = new RoomSocket(socket, link);
        _sockets[socket.SocketId] = entry;
        // People in a room keep it awake; an empty one may be collected.
        DelayDeactivation(TimeSpan.FromHours(12));
        return entry;
    }

    /// <summary>Takes a socket out and tells those who stay.</summary>
    private void Remove(RoomSocket socket, string? eventName, object? payload, bool tellSocket)
    {
        var (socketId, userId) = (socket.Identity.SocketId, socket.Identity.UserId);
        if (!_sockets.Remove(socketId))
            return;
        RemoveAwareness(socket);
        socket.Relay.Relay.DeliverAsync(
            _epoch,
            new SocketDetached
            {
                Seq = ++socket.Relay.Seq,
                SocketId = socketId,
                Name = tellSocket ? eventName ?? "room_left" : null,
                Payload = tellSocket ? payload ?? new RoomLeftEvent(RoomId) : null,
            }).Ignore();
        if (socket.Audience == Audience.Yjs)
            socket.Relay.YjsSockets--;
        // A relay whose last socket went is gone once it knows: what is sent to it after that may not arrive, so nothing is, and nobody waits for it.
        if (--socket.Relay.Sockets == 0)
        {
            // A relay that comes back must not count from one again: its waiters compare numbers.
            _retiredSeq = Math.Max(_retiredSeq, socket.Relay.Seq);
            _relays.Remove(socket.Relay.Relay);
        }

        if (!IsOnline(userId))
            Broadcast("user_left", new UserLeftEvent(userId, RoomId));
        if (_sockets.Count == 0)
        {
            DelayDeactivation(TimeSpan.Zero);
            EndWhenEmpty();
        }
    }

    private void PutOut(string userId, string? eventName, object? payload)
    {
        _left.Add(userId);
        EndWorkOf(userId);
        foreach (var socket in _sockets.Values.Where(s => s.Identity.UserId == userId).ToList())
            Remove(socket, eventName, payload, tellSocket: true);
    }

    private void Broadcast(
        string name, object payload, Audience audience = Audience.All, IReadOnlyList<string>? except = null, bool isVolatile = false)
    {
        foreach (var link in _relays.Values)
        {
            if (audience == Audience.Yjs ? link.YjsSockets == 0 : audience == Audience.WholeText && link.YjsSockets == link.Sockets)
                continue;
            link.Relay.DeliverAsync(
                _epoch,
                new RoomEvent { Seq = ++link.Seq, Name = name, Payload = payload, Audience = audience, Except = except ?? [], Volatile = isVolatile }).Ignore();
        }
    }

    private void Tell(RoomSocket socket, string name, object payload)
        => socket.Relay.Relay.DeliverAsync(
            _epoch, new RoomEvent { Seq = ++socket.Relay.Seq, Name = name, Payload = payload, Only = socket.Identity.SocketId }).Ignore();

    private RelayMark Mark(RoomSocket socket) => new(_epoch, socket.Relay.Seq);

    private IReadOnlyList<ParticipantView> WithPresence(IReadOnlyList<ParticipantView> participants)
        => [.. participants.Select(p =>
        {
            var sockets = _sockets.Values.Where(s => s.Identity.UserId == p.UserId).ToList();
            var (line, column) = CursorOf(sockets.Find(s => s.Cursor.Text is not null)?.Cursor ?? default);
            return p with { IsOnline = sockets.Count > 0, CursorLine = line, CursorColumn = column };
        })];

    /// <summary>Line and column when the client put them where the contract says; a client may put in anything else.</summary>
    private static (int? Line, int? Column) CursorOf(JsonText cursor)
    {
        if (cursor.Text is null)
            return default;
        using var json = JsonDocument.Parse(cursor.Text);
        return json.RootElement.ValueKind == JsonValueKind.Object ? (Number("line"), Number("column")) : default;

        int? Number(string name)
            => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
                ? number
                : null;
    }
}
