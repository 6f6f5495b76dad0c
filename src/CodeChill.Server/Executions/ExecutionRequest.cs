namespace CodeChill.Server.Executions;

/// <param name="LiveInput">Input goes on while the program runs.</param>
[GenerateSerializer, Immutable]
internal sealed record ExecutionRequest(
    [property: Id(0)] string Language, [property: Id(1)] string SourceCode, [property: Id(2)] string? Input, [property: Id(3)] bool LiveInput = false);

/// <summary>One thing that happened to a run. Exactly one <see cref="ExecutionCompleted"/> ends it.</summary>
[GenerateSerializer, Immutable]
internal abstract record ExecutionReport([property: Id(0)] string ExecutionId);

/// <summary>It waits, now nearer to its turn.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExecutionMoved([property: Id(1)] int Position, string ExecutionId) : ExecutionReport(ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionStarted([property: Id(1)] LiveExecutionView Run, string ExecutionId) : ExecutionReport(ExecutionId);

/// <summary>It runs, and this is what it wrote so far: for an activation of the room that did not see it start.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExecutionResumed([property: Id(1)] LiveExecutionView Run, string ExecutionId) : ExecutionReport(ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionOutput([property: Id(1)] string Stream, [property: Id(2)] string Chunk, [property: Id(3)] int Seq, string ExecutionId)
    : ExecutionReport(ExecutionId);

[GenerateSerializer, Immutable]
internal sealed record ExecutionCompleted([property: Id(1)] ExecutionView Execution, string ExecutionId) : ExecutionReport(ExecutionId);
