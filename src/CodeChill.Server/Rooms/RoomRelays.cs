using CodeChill.SocketIO;

namespace CodeChill.Server.Rooms;

/// <summary>
/// The relays of this node: exactly one a room, for as long as a local socket is in it or on its way in. Two would emit everything twice.
/// </summary>
internal sealed class RoomRelays(SocketIOServer server, IGrainFactory grains, ILogger<RoomRelays> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (RoomRelay Relay, int Leases)> _relays = [];

    public int Count
    {
        get
        {
            lock (_gate)
                return _relays.Count;
        }
    }

    /// <summary>The room's relay, kept while the lease is held even if its last socket leaves meanwhile.</summary>
    public Lease Take(string roomId)
    {
        lock (_gate)
        {
            if (!_relays.TryGetValue(roomId, out var there))
            {
                // The runtime holds observers weakly: this dictionary is what keeps the relay alive.
                var relay = new RoomRelay(roomId, server.Default, this, logger);
                relay.Reference = grains.CreateObjectReference<IRoomRelay>(relay);
                there = (relay, 0);
            }

            _relays[roomId] = (there.Relay, there.Leases + 1);
            return new Lease(this, there.Relay);
        }
    }

    /// <summary>Lets the relay go when nobody needs it.</summary>
    public void Drop(RoomRelay relay)
    {
        lock (_gate)
        {
            if (!_relays.TryGetValue(relay.RoomId, out var there) || there.Relay != relay || there.Leases > 0 || relay.Members.Count > 0)
                return;
            _relays.Remove(relay.RoomId);
            grains.DeleteObjectReference<IRoomRelay>(relay.Reference!);
        }
    }

    private void Return(RoomRelay relay)
    {
        lock (_gate)
            _relays[relay.RoomId] = (relay, _relays[relay.RoomId].Leases - 1);
        Drop(relay);
    }

    internal sealed class Lease(RoomRelays owner, RoomRelay relay) : IDisposable
    {
        public RoomRelay Relay { get; } = relay;

        public void Dispose() => owner.Return(Relay);
    }
}
