using System.Collections.Concurrent;
using CodeChill.Server.Documents;
using CodeChill.Server.YWebSocket;

namespace CodeChill.Server.Rooms;

/// <summary>
/// The y-websocket connections among a room's sockets of this node. They get what Yjs sockets get, in the same order; each edit becomes one
/// frame that all of them share.
/// </summary>
internal sealed partial class RoomRelay
{
    private const int MaxShown = 4096;

    private readonly Dictionary<string, (YjsConnection Connection, SocketIdentity Identity)> _expected = [];

    // Replaced as a whole, so that fan-out reads it without the gate.
    private volatile YjsConnection[] _yjs = [];

    // The latest clock of each client id that the connections here have been shown, and whose it is.
    private readonly ConcurrentDictionary<ulong, (ulong Clock, string Source)> _shown = [];

    /// <summary>A connection is about to be attached.</summary>
    public void Expect(YjsConnection connection, SocketIdentity identity)
    {
        lock (_gate)
            _expected[connection.Id] = (connection, identity);
    }

    /// <summary>Whether this connection has been let in and not been put out.</summary>
    public bool Has(YjsConnection connection) => Array.IndexOf(_yjs, connection) >= 0;

    /// <summary>Whether a connection's awareness update only repeats what it was shown of others; the room need not be asked.</summary>
    public bool IsEcho(YjsConnection connection, ReadOnlyMemory<byte> update)
        => AwarenessUpdate.Read(update) is { } entries
            && entries.All(e => _shown.TryGetValue(e.Client, out var shown) && shown.Clock >= e.Clock && shown.Source != connection.Id);

    /// <summary>Forgets a connection that is over, whatever the grain knows of it.</summary>
    public void Drop(YjsConnection connection)
    {
        lock (_gate)
        {
            _expected.Remove(connection.Id);
            _members.Remove(connection.Id);
            _yjs = [.. _yjs.Where(c => c != connection)];
        }

        owner.Drop(this);
    }

    /// <summary>Passes a delivery on to the connections it is for. True when it was about one of them and nobody else.</summary>
    private bool PassToYjs(RoomDelivery delivery)
    {
        switch (delivery)
        {
            case RoomEvent { Name: CutEvent }:
                foreach (var connection in _yjs)
                    connection.Close(YjsCloseCodes.Restart, "The room is read again");
                return false;
            case RoomEvent { Only: null, Audience: Audience.Yjs } told when _yjs.Length > 0:
                FanOut(told);
                return false;
            case SocketAttached attached:
                return AttachYjs(attached);
            case SocketDetached detached when Find(detached.SocketId) is { } leaving:
                lock (_gate)
                {
                    _yjs = [.. _yjs.Where(c => c != leaving)];
                    _members.Remove(leaving.Id);
                }

                if (detached.Name is { } why)
                    leaving.Close(why == "room_deleted" ? YjsCloseCodes.NoRoom : YjsCloseCodes.NoAccess, why == "room_deleted" ? "The room was deleted" : "Not in this room any more");
                return true;
            default:
                return false;
        }
    }

    private YjsConnection? Find(string id) => Array.Find(_yjs, c => c.Id == id);

    private void FanOut(RoomEvent told)
    {
        switch (told.Payload)
        {
            case DocUpdateEvent edit:
                var frame = YjsFrames.Update(edit.Update.Span);
                foreach (var connection in _yjs)
                {
                    if (!told.Except.Contains(connection.Id))
                        connection.Send(frame);
                }

                break;
            case AwarenessUpdateEvent awareness:
                Shown(awareness.Update, awareness.Source);
                var shown = YjsFrames.Awareness(awareness.Update.Span);
                foreach (var connection in _yjs)
                {
                    if (told.Except.Contains(connection.Id))
                        continue;
                    if (awareness.Source is { } source)
                        connection.SendLatest(source, shown);
                    else
                        connection.Send(shown);
                }

                break;
        }
    }

    private void Shown(ReadOnlyMemory<byte> update, string? source)
    {
        // It only saves calls: when it has grown it may as well start anew.
        if (_shown.Count > MaxShown)
            _shown.Clear();
        foreach (var entry in AwarenessUpdate.Read(update) ?? [])
        {
            if (source is not null || !_shown.ContainsKey(entry.Client))
                _shown[entry.Client] = (entry.Clock, source ?? "");
        }
    }

    private bool AttachYjs(SocketAttached attached)
    {
        YjsConnection connection;
        lock (_gate)
        {
            if (Find(attached.SocketId) is not null)
                return true;
            if (!_expected.Remove(attached.SocketId, out var expected))
                return false;
            connection = expected.Connection;
            _members[connection.Id] = new ReattachedSocket(expected.Identity, Audience.Yjs);
            _yjs = [.. _yjs, connection];
        }

        if (attached.Hello is { } hello)
        {
            connection.Send(YjsFrames.Step1(hello.StateVector), isAsked: true);
            Shown(hello.Awareness ?? [0], null);
            if (hello.Awareness is { } states)
                connection.Send(YjsFrames.Awareness(states), isAsked: true);
        }

        return true;
    }
}
