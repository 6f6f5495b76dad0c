using System.Text.Json;

namespace CodeChill.SocketIO;

/// <summary>A socket of this or another node, as found by <see cref="BroadcastOperator.FetchSocketsAsync"/>: a snapshot, and ways to act on it.</summary>
public sealed class RemoteSocket
{
    private readonly BroadcastOperator _self;

    internal RemoteSocket(Socket socket)
    {
        _self = new BroadcastOperator(socket.Namespace).To(socket.Id);
        Id = socket.Id;
        Rooms = [.. socket.Rooms];
        Local = socket;
        Handshake = socket.HandshakeJson();
        Data = socket.SharedDataJson();
    }

    internal RemoteSocket(Namespace nsp, string id, IReadOnlyCollection<string> rooms, JsonElement handshake, JsonElement data)
    {
        _self = new BroadcastOperator(nsp).To(id);
        Id = id;
        Rooms = rooms;
        Handshake = handshake;
        Data = data;
    }

    /// <summary>Id of the socket.</summary>
    public string Id { get; }

    /// <summary>The rooms it was in.</summary>
    public IReadOnlyCollection<string> Rooms { get; }

    /// <summary>Headers, query, address, time, url and auth as the reference shows them to other nodes.</summary>
    public JsonElement Handshake { get; }

    /// <summary>What the socket's node shares of it (<see cref="Socket.SharedData"/>).</summary>
    public JsonElement Data { get; }

    /// <summary>The socket itself when it is on this node.</summary>
    public Socket? Local { get; }

    /// <summary>Sends it an event.</summary>
    /// <param name="ev">Name of the event.</param>
    /// <param name="args">Arguments.</param>
    public void Emit(string ev, params ReadOnlySpan<object?> args) => _self.Emit(ev, args);

    /// <summary>Puts it into a room.</summary>
    /// <param name="room">Name of the room.</param>
    public void Join(string room) => _self.SocketsJoin(room);

    /// <summary>Takes it out of a room.</summary>
    /// <param name="room">Name of the room.</param>
    public void Leave(string room) => _self.SocketsLeave(room);

    /// <summary>Disconnects it.</summary>
    /// <param name="close">Whether to end the whole connection.</param>
    public void Disconnect(bool close = false) => _self.DisconnectSockets(close);
}
