namespace CodeChill.Server.Executions;

/// <summary>The contract's <c>execution</c>, plus the verdict that says why a failed one failed.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExecutionView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string RoomId { get; init; }
    [Id(2)] public required string UserId { get; init; }
    [Id(3)] public required string UserName { get; init; }
    [Id(4)] public required string Language { get; init; }
    [Id(5)] public required string SourceCode { get; init; }
    [Id(6)] public string? InputData { get; init; }
    [Id(7)] public string? Output { get; init; }
    [Id(8)] public string? ErrorOutput { get; init; }
    [Id(9)] public string? CompileOutput { get; init; }
    [Id(10)] public int? ExitCode { get; init; }

    /// <summary>Seconds of wall time.</summary>
    [Id(11)] public double? ExecutionTime { get; init; }

    /// <summary>Kilobytes at the peak.</summary>
    [Id(12)] public long? MemoryUsage { get; init; }
    [Id(13)] public required string Status { get; init; }
    [Id(14)] public string? Verdict { get; init; }
    [Id(15)] public DateTimeOffset CreatedAt { get; init; }
    [Id(16)] public DateTimeOffset? StartedAt { get; init; }
    [Id(17)] public DateTimeOffset? CompletedAt { get; init; }
}

[GenerateSerializer, Immutable]
internal sealed record ExecutionQueuedEvent([property: Id(0)] string ExecutionId, [property: Id(1)] string Message, [property: Id(2)] int Position);

/// <summary>What somebody typed into a run, as everybody in the room sees it.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExecutionInputEvent(
    [property: Id(0)] string ExecutionId,
    [property: Id(1)] string UserId,
    [property: Id(2)] string UserName,
    [property: Id(3)] string Data,
    [property: Id(4)] bool End);

[GenerateSerializer, Immutable]
internal sealed record ExecutionPositionEvent([property: Id(0)] string ExecutionId, [property: Id(1)] int Position);

[GenerateSerializer, Immutable]
internal sealed record ExecutionStartedEvent([property: Id(0)] string ExecutionId, [property: Id(1)] string UserId, [property: Id(2)] string Language)
{
    /// <summary>It takes <c>execution_input</c>.</summary>
    [Id(3)] public bool LiveInput { get; init; }
}

[GenerateSerializer, Immutable]
internal sealed record ExecutionOutputEvent(
    [property: Id(0)] string ExecutionId, [property: Id(1)] string Stream, [property: Id(2)] string Chunk, [property: Id(3)] int Seq);

/// <summary>The whole execution again, with its id under the name that clients match on.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExecutionCompletedEvent
{
    [Id(0)] public required string ExecutionId { get; init; }
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public required string RoomId { get; init; }
    [Id(3)] public required string UserId { get; init; }
    [Id(4)] public required string UserName { get; init; }
    [Id(5)] public required string Language { get; init; }
    [Id(6)] public required string SourceCode { get; init; }
    [Id(7)] public string? InputData { get; init; }
    [Id(8)] public string? Output { get; init; }
    [Id(9)] public string? ErrorOutput { get; init; }
    [Id(10)] public string? CompileOutput { get; init; }
    [Id(11)] public int? ExitCode { get; init; }
    [Id(12)] public double? ExecutionTime { get; init; }
    [Id(13)] public long? MemoryUsage { get; init; }
    [Id(14)] public required string Status { get; init; }
    [Id(15)] public string? Verdict { get; init; }
    [Id(16)] public DateTimeOffset CreatedAt { get; init; }
    [Id(17)] public DateTimeOffset? StartedAt { get; init; }
    [Id(18)] public DateTimeOffset? CompletedAt { get; init; }

    public static ExecutionCompletedEvent From(ExecutionView e) => new()
    {
        ExecutionId = e.Id,
        Id = e.Id,
        RoomId = e.RoomId,
        UserId = e.UserId,
        UserName = e.UserName,
        Language = e.Language,
        SourceCode = e.SourceCode,
        InputData = e.InputData,
        Output = e.Output,
        ErrorOutput = e.ErrorOutput,
        CompileOutput = e.CompileOutput,
        ExitCode = e.ExitCode,
        ExecutionTime = e.ExecutionTime,
        MemoryUsage = e.MemoryUsage,
        Status = e.Status,
        Verdict = e.Verdict,
        CreatedAt = e.CreatedAt,
        StartedAt = e.StartedAt,
        CompletedAt = e.CompletedAt,
    };
}
