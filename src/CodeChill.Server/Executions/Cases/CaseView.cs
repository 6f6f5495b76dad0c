namespace CodeChill.Server.Executions.Cases;

/// <summary>A test case of a room.</summary>
[GenerateSerializer, Immutable]
internal sealed record CaseView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string RoomId { get; init; }
    [Id(2)] public required string Name { get; init; }

    /// <summary>Null for those who may not see it.</summary>
    [Id(3)] public string? Input { get; init; }
    [Id(4)] public string? ExpectedOutput { get; init; }
    [Id(5)] public bool IsHidden { get; init; }

    /// <summary>Seconds; null is the default.</summary>
    [Id(6)] public double? TimeLimit { get; init; }

    /// <summary>Kilobytes; null is the default.</summary>
    [Id(7)] public long? MemoryLimit { get; init; }
    [Id(8)] public int Position { get; init; }
    [Id(9)] public required string CreatedBy { get; init; }
    [Id(10)] public DateTimeOffset CreatedAt { get; init; }
    [Id(11)] public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>As somebody sees it who may not edit cases.</summary>
    public CaseView Masked() => IsHidden ? this with { Input = null, ExpectedOutput = null } : this;
}

/// <summary>What somebody wants a case to be; null leaves a field as it is, except limits, which say so themselves.</summary>
[GenerateSerializer, Immutable]
internal sealed record CaseFields
{
    [Id(0)] public string? Name { get; init; }
    [Id(1)] public string? Input { get; init; }
    [Id(2)] public string? ExpectedOutput { get; init; }
    [Id(3)] public bool? IsHidden { get; init; }
    [Id(4)] public bool SetsTimeLimit { get; init; }
    [Id(5)] public double? TimeLimit { get; init; }
    [Id(6)] public bool SetsMemoryLimit { get; init; }
    [Id(7)] public long? MemoryLimit { get; init; }
    [Id(8)] public int? Position { get; init; }
}

/// <summary>A run of all cases of a room.</summary>
[GenerateSerializer, Immutable]
internal sealed record CaseRunView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string RoomId { get; init; }
    [Id(2)] public required string UserId { get; init; }
    [Id(3)] public required string UserName { get; init; }
    [Id(4)] public required string Language { get; init; }
    [Id(5)] public required string SourceCode { get; init; }

    /// <summary>running or completed.</summary>
    [Id(6)] public required string Status { get; init; }

    /// <summary>Of the whole: accepted, or what the first case was that was not.</summary>
    [Id(7)] public string? Verdict { get; init; }
    [Id(8)] public int Passed { get; init; }
    [Id(9)] public int Total { get; init; }
    [Id(10)] public string? CompileOutput { get; init; }
    [Id(11)] public DateTimeOffset CreatedAt { get; init; }
    [Id(12)] public DateTimeOffset? CompletedAt { get; init; }
    [Id(13)] public IReadOnlyList<CaseCompletedEvent>? Results { get; init; }
}
