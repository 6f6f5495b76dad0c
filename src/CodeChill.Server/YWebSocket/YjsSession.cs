using CodeChill.Server.Documents;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Text;
using CodeChill.Text.Sync;

namespace CodeChill.Server.YWebSocket;

/// <summary>
/// What a connection's messages do in its room. Theory of operation: the protocol knows no acknowledgement and no refusal, so an update
/// that could not be kept ends the connection: the client still has it, and brings it with the sync step of its next connection. For the
/// same reason a client that sends too fast is not refused but read more slowly.
/// </summary>
internal sealed class YjsSession(YjsConnection connection, RoomRelay relay, IGrainFactory grains, SocketLimits limits, TimeProvider clock, ILogger logger) : IDisposable
{
    /// <summary>The message types that are known; a later version of the protocol may have more.</summary>
    private const int KnownTypes = 4;

    private readonly SemaphoreSlim _places = new(YjsLimits.UpdatesInFlight);

    public async ValueTask OnMessageAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!bytes.IsEmpty && bytes.Span[0] >= KnownTypes)
            return;
        SyncMessage message;
        try
        {
            message = SyncMessage.Read(bytes);
        }
        catch (UpdateFormatException)
        {
            connection.Close(YjsCloseCodes.Malformed, "Malformed message");
            return;
        }

        switch (message.Kind)
        {
            case SyncMessageKind.Step1:
                await AnswerAsync(message.Payload);
                break;
            case SyncMessageKind.Step2 or SyncMessageKind.Update when !IsEmpty(message.Payload.Span):
                await ReceiveUpdateAsync(message.Payload);
                break;
            case SyncMessageKind.Awareness:
                // A provider repeats to us whatever it hears of the others.
                if (relay.IsEcho(connection, message.Payload))
                    break;
                await PaceAsync("awareness_update");
                _ = ShowAsync(message.Payload);
                break;
            case SyncMessageKind.QueryAwareness:
                await PaceAsync("doc_sync");
                if ((await CallAsync(room => room.GetAwarenessAsync(connection.Id))).Value is { } states)
                    connection.Send(YjsFrames.Awareness(states));
                break;
        }
    }

    public void Dispose() => _places.Dispose();

    /// <summary>No structs, no deletions: how a client answers our sync step that lacks nothing.</summary>
    private static bool IsEmpty(ReadOnlySpan<byte> update) => update is [0, 0];

    private async Task AnswerAsync(ReadOnlyMemory<byte> stateVector)
    {
        await PaceAsync("doc_sync");
        var synced = await CallAsync(room => room.SyncAsync(connection.Id, stateVector.ToArray()));
        if (synced.Error is { } error)
        {
            Refuse(error);
            return;
        }

        await relay.ReachedAsync(synced.Value!.Mark);
        connection.Send(YjsFrames.Step2(synced.Value.Value.Update), isAsked: true);
        // An answer may be as large as the document: one at a time.
        connection.IsReadingPaused = true;
        await connection.DrainedAsync();
        connection.IsReadingPaused = false;
    }

    private async Task ReceiveUpdateAsync(ReadOnlyMemory<byte> update)
    {
        await PaceAsync("doc_update");
        if (!await _places.WaitAsync(TimeSpan.Zero))
        {
            connection.IsReadingPaused = true;
            await _places.WaitAsync(connection.Over);
            connection.IsReadingPaused = false;
        }

        // Not waited for: several updates of a client are on their way to the disk at once, in the order they were sent.
        _ = KeepAsync(update);
    }

    private async Task KeepAsync(ReadOnlyMemory<byte> update)
    {
        var kept = await CallAsync(room => room.ApplyUpdateAsync(connection.Id, update));
        _places.Release();
        if (kept.Error is { } error)
            Refuse(error);
    }

    private async Task ShowAsync(ReadOnlyMemory<byte> update)
    {
        var shown = update.Length > YjsLimits.AwarenessBytes
            ? DocumentErrors.InvalidAwareness
            : await CallAsync(room => room.UpdateAwarenessAsync(connection.Id, update));
        if (shown.Error is { } error)
            Refuse(error);
    }

    private void Refuse(Error error)
    {
        var code = error switch
        {
            _ when error == DocumentErrors.InvalidUpdate || error == DocumentErrors.InvalidStateVector || error == DocumentErrors.InvalidAwareness => YjsCloseCodes.Malformed,
            _ when error == DocumentErrors.TooLong || error == DocumentErrors.TooHeavy => YjsCloseCodes.TooLarge,
            { Status: 403 } => YjsCloseCodes.NoAccess,
            { Status: 404 } => YjsCloseCodes.NoRoom,
            _ => YjsCloseCodes.TryAgain,
        };
        connection.Close(code, error.Message);
    }

    /// <summary>Waits until the user's share of this kind of event allows one more.</summary>
    private async Task PaceAsync(string eventName)
    {
        while (limits.Take(connection.Caller.UserId, eventName) is { } wait)
        {
            connection.IsReadingPaused = true;
            await Task.Delay(wait, clock, connection.Over);
            connection.IsReadingPaused = false;
        }
    }

    private async Task<Outcome<T>> CallAsync<T>(Func<IRoomGrain, Task<Outcome<T>>> call)
    {
        try
        {
            var room = grains.GetGrain<IRoomGrain>(relay.RoomId);
            var outcome = await call(room);
            if (outcome.Error != RoomErrors.NotInRoom || connection.Over.IsCancellationRequested || !relay.Has(connection))
                return outcome;
            // We know the connection to be in and the grain does not: it is a fresh activation.
            await room.ReattachAsync(relay.Members, relay.Reference!);
            return await call(room);
        }
        catch (Exception failure)
        {
            logger.LogWarning(failure, "A call of connection {ConnectionId} to room {RoomId} failed", connection.Id, relay.RoomId);
            return PlatformErrors.Unavailable;
        }
    }
}
