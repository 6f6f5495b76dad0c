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
                logger.LogError(failure, "{Event} of socket {SocketId} failed", name, socket.Id);
                e.Fail(PlatformErrors.Unavailable);
            }
        });

    /// <summary>Calls the grain of the room the socket is in.</summary>
    public async Task<Outcome<T>> CallAsync<T>(SocketSession session, Func<IRoomGrain, Task<Outcome<T>>> call)
    {
        if (session.Room is not { } relay)
            return RoomErrors.NotInRoom;
        var room = grains.GetGrain<IRoomGrain>(relay.RoomId);
        var outcome = await call(room);
        if (outcome.Error != RoomErrors.NotInRoom || session.Room != relay)
            return outcome;
        // We know the socket to be in and the grain does not: it is a fresh activation.
        await room.ReattachAsync(relay.Members, relay.Reference!);
        return await call(room);
    }
}
