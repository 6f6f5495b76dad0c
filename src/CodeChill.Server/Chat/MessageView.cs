namespace CodeChill.Server.Chat;

/// <summary>The contract's <c>message</c>.</summary>
[GenerateSerializer, Immutable]
internal sealed record MessageView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string RoomId { get; init; }
    [Id(2)] public required string UserId { get; init; }
    [Id(3)] public required string UserName { get; init; }
    [Id(4)] public string? UserPicture { get; init; }
    [Id(5)] public required string Content { get; init; }
    [Id(6)] public required string MessageType { get; init; }
    [Id(7)] public bool IsEdited { get; init; }
    [Id(8)] public string? ReplyTo { get; init; }
    [Id(9)] public DateTimeOffset CreatedAt { get; init; }
    [Id(10)] public DateTimeOffset? EditedAt { get; init; }
}

/// <summary>The id under both names that clients look for.</summary>
[GenerateSerializer, Immutable]
internal sealed record MessageDeletedEvent(
    [property: Id(0)] string Id, [property: Id(1)] string MessageId, [property: Id(2)] string RoomId, [property: Id(3)] string Content);
