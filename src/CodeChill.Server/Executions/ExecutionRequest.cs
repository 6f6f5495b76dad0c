namespace CodeChill.Server.Executions;

[GenerateSerializer, Immutable]
internal sealed record ExecutionRequest([property: Id(0)] string Language, [property: Id(1)] string SourceCode, [property: Id(2)] string? Input);

/// <summary>One thing that happened to a run. Exactly one <see cref="ExecutionCompleted"/> ends it.</summary>
[GenerateSerializer, Immutable]
internal abstract record ExecutionReport([property: Id(0)] string ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionStarted([property: Id(1)] string UserId, [property: Id(2)] string Language, string ExecutionId) : ExecutionReport(ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionOutput([property: Id(1)] string Stream, [property: Id(2)] string Chunk, [property: Id(3)] int Seq, string ExecutionId)
    : ExecutionReport(ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionCompleted([property: Id(1)] ExecutionView Execution, string ExecutionId) : ExecutionReport(ExecutionId);
