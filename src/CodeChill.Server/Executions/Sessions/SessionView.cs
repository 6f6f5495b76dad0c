namespace CodeChill.Server.Executions.Sessions;

/// <summary>A terminal that is open in a room, with the end of what it wrote.</summary>
[GenerateSerializer, Immutable]
internal sealed record SessionView
{
    [Id(0)] public required string SessionId { get; init; }
    [Id(1)] public required string UserId { get; init; }
    [Id(2)] public required string UserName { get; init; }
    [Id(3)] public required string Language { get; init; }
    [Id(4)] public int Columns { get; init; }
    [Id(5)] public int Rows { get; init; }
    [Id(6)] public string Output { get; init; } = "";

    /// <summary>The number of the last <c>session_output</c> in <see cref="Output"/>; -1 before the first.</summary>
    [Id(7)] public int Seq { get; init; } = -1;
}

/// <summary>What somebody asks for.</summary>
[GenerateSerializer, Immutable]
internal sealed record SessionRequest(
    [property: Id(0)] string Language, [property: Id(1)] string SourceCode, [property: Id(2)] int Columns, [property: Id(3)] int Rows);

/// <summary>Something that happened to a terminal.</summary>
[GenerateSerializer, Immutable]
internal abstract record SessionReport([property: Id(0)] string SessionId);

[GenerateSerializer, Immutable]
internal sealed record SessionStartedEvent(
    string SessionId,
    [property: Id(1)] string UserId,
    [property: Id(2)] string UserName,
    [property: Id(3)] string Language,
    [property: Id(4)] int Columns,
    [property: Id(5)] int Rows) : SessionReport(SessionId);

/// <summary>It is open, and this is what it wrote so far: for an activation of the room that did not see it start.</summary>
[GenerateSerializer, Immutable]
internal sealed record SessionResumed(string SessionId, [property: Id(1)] SessionView Session) : SessionReport(SessionId);

[GenerateSerializer, Immutable]
internal sealed record SessionOutputEvent(string SessionId, [property: Id(1)] int Seq, [property: Id(2)] string Data) : SessionReport(SessionId);

[GenerateSerializer, Immutable]
internal sealed record SessionResizedEvent(string SessionId, [property: Id(1)] int Columns, [property: Id(2)] int Rows) : SessionReport(SessionId);

/// <summary>It is over: the program came to its end (<c>exited</c>), somebody stopped it, or a limit did.</summary>
[GenerateSerializer, Immutable]
internal sealed record SessionEndedEvent(
    string SessionId, [property: Id(1)] int? ExitCode, [property: Id(2)] string Reason, [property: Id(3)] string? Message) : SessionReport(SessionId);
