using System.Collections.Concurrent;

namespace CodeChill.SocketIO.Sockets;

/// <summary>
/// The rooms of a namespace. A room exists while it has members; broadcasts walk an array snapshot that is built at the first broadcast
/// after a change, so that neither joining nor sending is paid for twice and no lock is held while sending.
/// </summary>
internal sealed class RoomTable
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _rooms.Keys;

    public int Count => _rooms.Count;

    /// <summary>True when the room came into being.</summary>
    public bool Add(string name, Socket socket)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(name, static _ => new Room());
            int count = room.Add(socket);
            if (count > 0) return count == 1;
            // Its last member left between the two lines; it is about to leave the table.
            _rooms.TryRemove(new KeyValuePair<string, Room>(name, room));
        }
    }

    /// <summary>True when the room ceased to be.</summary>
    public bool Remove(string name, Socket socket)
    {
        if (!_rooms.TryGetValue(name, out var room) || !room.Remove(socket)) return false;
        _rooms.TryRemove(new KeyValuePair<string, Room>(name, room));
        return true;
    }

    public Socket[] Members(string name) => _rooms.TryGetValue(name, out var room) ? room.Snapshot() : [];

    internal sealed class Room
    {
        private readonly Lock _gate = new();
        private readonly List<Socket> _members = [];
        private Socket[]? _snapshot;
        private bool _dead;

        /// <summary>The new number of members, 0 when the room is dead.</summary>
        public int Add(Socket socket)
        {
            lock (_gate)
            {
                if (_dead) return 0;
                _members.Add(socket);
                _snapshot = null;
                return _members.Count;
            }
        }

        /// <summary>True when the last member left.</summary>
        public bool Remove(Socket socket)
        {
            lock (_gate)
            {
                int index = _members.IndexOf(socket);
                if (index < 0) return false;
                _members[index] = _members[^1];
                _members.RemoveAt(_members.Count - 1);
                _snapshot = null;
                return _dead = _members.Count == 0;
            }
        }

        public Socket[] Snapshot()
        {
            lock (_gate) return _snapshot ??= [.. _members];
        }
    }
}
