using CodeChill.Server.Platform;
using Orleans.Concurrency;

namespace CodeChill.Server.Rooms;

/// <summary>Which of a room's sockets a delivery is for.</summary>
internal enum Audience
{
    /// <summary>Every socket in the room.</summary>
    All,

    /// <summary>Sockets that speak in whole texts: they have not sent <c>doc_sync</c>.</summary>
    WholeText,

    /// <summary>Sockets that have sent <c>doc_sync</c>.</summary>
    Yjs,
}

/// <summary>
/// One step of what a node's sockets see of a room. Everything whose order matters travels this one way, joining included: a socket is let
/// in, told what is there, and then told every change, with nothing between lost or doubled. <see cref="Seq"/> counts per relay.
/// </summary>
[GenerateSerializer, Immutable]
internal abstract record RoomDelivery
{
    [Id(0)] public required long Seq { get; init; }
}

/// <summary>An event for the sockets of an audience; <see cref="Only"/> narrows it to one socket, <see cref="Except"/> leaves some out.</summary>
[GenerateSerializer, Immutable]
internal sealed record RoomEvent : RoomDelivery
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required object Payload { get; init; }
    [Id(2)] public Audience Audience { get; init; }
    [Id(3)] public string? Only { get; init; }
    [Id(4)] public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>May be dropped for a reader who is behind: cursors, not content.</summary>
    [Id(5)] public bool Volatile { get; init; }
}

/// <summary>A socket is in: it gets <c>room_joined</c> and from now on what its audience gets.</summary>
[GenerateSerializer, Immutable]
internal sealed record SocketAttached : RoomDelivery
{
    [Id(0)] public required string SocketId { get; init; }

    /// <summary>Null when a relay only re-registered a socket that has been in all along.</summary>
    [Id(1)] public RoomJoinedEvent? Joined { get; init; }
    [Id(2)] public Audience Audience { get; init; }

    /// <summary>What a y-websocket connection is told first.</summary>
    [Id(3)] public YjsHello? Hello { get; init; }
}

/// <summary>The room's state vector and the awareness of those in it, null when there is none.</summary>
[GenerateSerializer, Immutable]
internal sealed record YjsHello([property: Id(0)] byte[] StateVector, [property: Id(1)] byte[]? Awareness);

/// <summary>A socket sent <c>doc_sync</c> and speaks Yjs from here on.</summary>
[GenerateSerializer, Immutable]
internal sealed record SocketSynced : RoomDelivery
{
    [Id(0)] public required string SocketId { get; init; }
}

/// <summary>A socket is out, by its own wish or not; it is told with <see cref="Name"/>, then with <c>room_left</c>.</summary>
[GenerateSerializer, Immutable]
internal sealed record SocketDetached : RoomDelivery
{
    [Id(0)] public required string SocketId { get; init; }
    [Id(1)] public string? Name { get; init; }
    [Id(2)] public object? Payload { get; init; }
}

/// <summary>A node's end of a room: the grain talks to relays, never to sockets.</summary>
internal interface IRoomRelay : IGrainObserver
{
    /// <summary>Takes the next deliveries of the activation <paramref name="epoch"/>, in order.</summary>
    [OneWay]
    Task DeliverAsync(Guid epoch, RoomDelivery delivery);
}

/// <summary>Where a caller can wait for: the relay has passed on everything up to <see cref="Seq"/>.</summary>
[GenerateSerializer, Immutable]
internal readonly record struct RelayMark([property: Id(0)] Guid Epoch, [property: Id(1)] long Seq);

/// <summary>A socket as its room knows it.</summary>
[GenerateSerializer, Immutable]
internal sealed record SocketIdentity(
    [property: Id(0)] string SocketId,
    [property: Id(1)] string UserId,
    [property: Id(2)] string UserName,
    [property: Id(3)] string? UserPicture);

// The events' payloads, in the contract's words.

[GenerateSerializer, Immutable]
internal sealed record RoomJoinedEvent(
    [property: Id(0)] string RoomId,
    [property: Id(1)] RoomDetailsView RoomData,
    [property: Id(2)] string CurrentContent,
    [property: Id(3)] long ContentVersion);

[GenerateSerializer, Immutable]
internal sealed record UserJoinedEvent(
    [property: Id(0)] string UserId, [property: Id(1)] string UserName, [property: Id(2)] string? UserPicture, [property: Id(3)] string RoomId);

[GenerateSerializer, Immutable]
internal sealed record UserLeftEvent([property: Id(0)] string UserId, [property: Id(1)] string RoomId);

[GenerateSerializer, Immutable]
internal sealed record RoomLeftEvent([property: Id(0)] string RoomId);

[GenerateSerializer, Immutable]
internal sealed record RoomDeletedEvent([property: Id(0)] string RoomId, [property: Id(1)] string Message);

[GenerateSerializer, Immutable]
internal sealed record RoomUpdatedEvent([property: Id(0)] RoomView Room);

[GenerateSerializer, Immutable]
internal sealed record CodeUpdatedEvent(
    [property: Id(0)] string Content, [property: Id(1)] long Version, [property: Id(2)] string? UserId, [property: Id(3)] JsonText CursorPosition);

[GenerateSerializer, Immutable]
internal sealed record CodeChangeAckEvent([property: Id(0)] long Version, [property: Id(1)] bool Success);

[GenerateSerializer, Immutable]
internal sealed record CodeConflictEvent([property: Id(0)] string CurrentContent, [property: Id(1)] long CurrentVersion);

[GenerateSerializer, Immutable]
internal sealed record CursorMovedEvent([property: Id(0)] string UserId, [property: Id(1)] JsonText CursorPosition);

[GenerateSerializer, Immutable]
internal sealed record DocUpdateEvent(
    [property: Id(0)] ReadOnlyMemory<byte> Update, [property: Id(1)] string? UserId, [property: Id(2)] long Version);

[GenerateSerializer, Immutable]
internal sealed record AwarenessUpdateEvent([property: Id(0)] ReadOnlyMemory<byte> Update, [property: Id(1)] string? UserId)
{
    /// <summary>The socket it is from, when a later one of the same socket makes it superfluous.</summary>
    [Id(2), System.Text.Json.Serialization.JsonIgnore] public string? Source { get; init; }
}

/// <summary>What a Yjs client gets for its <c>doc_sync</c>.</summary>
[GenerateSerializer, Immutable]
internal sealed record DocSyncReply(
    [property: Id(0)] byte[] Update, [property: Id(1)] byte[] StateVector, [property: Id(2)] long Version, [property: Id(3)] byte[]? Awareness);

[GenerateSerializer, Immutable]
internal sealed record RoomStateEvent(
    [property: Id(0)] RoomDetailsView Room,
    [property: Id(1)] string Content,
    [property: Id(2)] long Version,
    [property: Id(3)] IReadOnlyList<ParticipantView> Participants,
    [property: Id(4)] IReadOnlyList<Chat.MessageView> RecentMessages)
{
    [Id(5)] public required IReadOnlyList<Executions.LiveExecutionView> Executions { get; init; }
    [Id(6)] public required IReadOnlyList<Executions.Sessions.SessionView> Sessions { get; init; }
}
