using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace CodeChill.Server.Rooms;

/// <summary>The contract's <c>participant</c>, plus whether a socket of theirs is in the room now.</summary>
[GenerateSerializer, Immutable]
internal sealed record ParticipantView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string RoomId { get; init; }
    [Id(2)] public required string UserId { get; init; }
    [Id(3)] public required string UserName { get; init; }
    [Id(4)] public string? UserPicture { get; init; }
    [Id(5)] public required string Role { get; init; }
    [Id(6)] public bool IsActive { get; init; }
    [Id(7)] public int? CursorLine { get; init; }
    [Id(8)] public int? CursorColumn { get; init; }
    [Id(9)] public string? SelectionData { get; init; }
    [Id(10)] public DateTimeOffset JoinedAt { get; init; }
    [Id(11)] public DateTimeOffset LastSeen { get; init; }
    [Id(12)] public bool IsOnline { get; init; }
}

/// <summary>The contract's <c>room</c>. The password hash is not in here and so can't leave.</summary>
[GenerateSerializer, Immutable]
[JsonDerivedType(typeof(RoomDetailsView))]
[JsonDerivedType(typeof(MyRoomView))]
internal record RoomView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public string? Description { get; init; }
    [Id(3)] public bool IsPrivate { get; init; }
    [Id(4)] public int MaxParticipants { get; init; }
    [Id(5)] public int CurrentParticipants { get; init; }
    [Id(6)] public required string Language { get; init; }
    [Id(7)] public bool IsActive { get; init; }
    [Id(8)] public required string CreatedBy { get; init; }
    [Id(9)] public DateTimeOffset CreatedAt { get; init; }
    [Id(10)] public DateTimeOffset UpdatedAt { get; init; }
    [Id(11)] public DateTimeOffset LastActivity { get; init; }
    [Id(12)] public long ContentVersion { get; init; }
    [Id(13)] public required IReadOnlyList<ParticipantView> Participants { get; init; }
    [Id(14)] public string? OwnerName { get; init; }
    [Id(15)] public string? OwnerPicture { get; init; }
}

/// <summary>A room as one user sees it in its details.</summary>
[GenerateSerializer, Immutable]
internal sealed record RoomDetailsView : RoomView
{
    [SetsRequiredMembers]
    public RoomDetailsView(RoomView room)
        : base(room)
    {
    }

    [Id(0)] public bool IsParticipant { get; init; }
    [Id(1)] public string? UserRole { get; init; }

    /// <summary>What runs now, with the output so far; for who joins.</summary>
    [Id(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<Executions.LiveExecutionView>? Executions { get; init; }

    /// <summary>The terminals that are open now; for who joins.</summary>
    [Id(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<Executions.Sessions.SessionView>? Sessions { get; init; }
}

/// <summary>A room in <c>my-rooms</c>.</summary>
[GenerateSerializer, Immutable]
internal sealed record MyRoomView : RoomView
{
    [SetsRequiredMembers]
    public MyRoomView(RoomView room, string userRole)
        : base(room) => UserRole = userRole;

    [Id(0)] public string UserRole { get; init; }
    [Id(1)] public DateTimeOffset JoinedAt { get; init; }
}
