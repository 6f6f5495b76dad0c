using System.Text.Json;
using CodeChill.Server.Platform;
using CodeChill.SocketIO;

namespace CodeChill.Server.Rooms;

/// <summary>
/// What every event handler shares: limits per socket, a socket's room, faults of the outside world turned into an answer, and the second
/// try when the room has moved to a fresh activation that does not know this socket yet.
/// </summary>
internal sealed class SocketEvents(IGrainFactory grains, SocketLimits limits, ILogger<SocketEvents> logger)
{
    /// <summary>Registers a handler. What it throws reaches the sender as an error and nobody else at all.</summary>
    public void On(Socket socket, string name, Func<SocketEvent, SocketSession, Task> handler)
        => socket.On(name, async e =>
        {
            var session = (SocketSession)socket.State!;
            var began = Instruments.Now();
            using var span = Instruments.SocketEvent(name, socket.Id, session.Room?.RoomId);
            Instruments.Received(name);
            if (limits.Take(session.Caller.UserId, name) is { } wait)
            {
                e.Fail(PlatformErrors.RateLimited with { RetryAfter = wait });
                return;
            }

            try
            {
                await handler(e, session);
            }
            catch (Exception malformed) when (malformed is SocketIOArgumentException or JsonException)
            {
                e.Fail(PlatformErrors.Invalid($"Invalid {name} data"));
            }
            catch (Exception failure)
            {
                logger.LogError(
                    failure, "{Event} of socket {SocketId} failed (user {UserId}, room {RoomId})", name, socket.Id, session.Caller.UserId, session.Room?.RoomId);
                e.Fail(PlatformErrors.Unavailable);
            }
            finally
            {
                Instruments.Answered(name, began);
            }
        });

    /// <summary>A member of the event's first argument when it is text; whatever else a client puts there is as good as nothing.</summary>
    public static string? Text(SocketEvent e, string member)
        => e.Count > 0 && e.GetElement(0) is { ValueKind: JsonValueKind.Object } argument && argument.TryGetProperty(member, out var value)
            ? Json.Text(value)
            : null;

    /// <summary>The <c>room_id</c> of the event's first argument, or null.</summary>
    public static string? RoomNamedBy(SocketEvent e) => Text(e, "room_id");

    /// <summary>Whether the event is meant for a room other than the one the socket is in: a message that came late, or a try.</summary>
    public static bool NamesAnotherRoom(SocketEvent e, RoomRelay relay)
        => RoomNamedBy(e) is { } named && Ids.Canonical(named) != relay.RoomId;

    /// <summary>Calls the grain of the room the socket is in, which is the one the event names if it names one.</summary>
    public async Task<Outcome<T>> CallAsync<T>(SocketEvent e, SocketSession session, Func<IRoomGrain, Task<Outcome<T>>> call)
    {
        if (session.Room is not { } relay)
            return RoomErrors.NotInRoom;
        if (NamesAnotherRoom(e, relay))
            return RoomErrors.AccessDenied;
        var room = grains.GetGrain<IRoomGrain>(relay.RoomId);
        var outcome = await call(room);
        if (outcome.Error != RoomErrors.NotInRoom || session.Room != relay)
            return outcome;
        // We know the socket to be in and the grain does not: it is a fresh activation.
        await room.ReattachAsync(relay.Members, relay.Reference!);
        return await call(room);
    }
}
