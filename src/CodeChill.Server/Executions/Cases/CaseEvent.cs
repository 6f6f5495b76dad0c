using System.Text.Json.Serialization;

namespace CodeChill.Server.Executions.Cases;

/// <summary>Something that happened to a run of cases, in the words of its event.</summary>
[GenerateSerializer, Immutable]
internal abstract record CaseReport([property: Id(0)] string RunId);

[GenerateSerializer, Immutable]
internal sealed record CasesStartedEvent(string RunId, [property: Id(1)] string UserId, [property: Id(2)] string Language, [property: Id(3)] int Total)
    : CaseReport(RunId);

[GenerateSerializer, Immutable]
internal sealed record CaseCompletedEvent(
    string RunId,
    [property: Id(1)] string CaseId,
    [property: Id(2)] string Name,
    [property: Id(3)] int Position,
    [property: Id(4)] bool IsHidden,
    [property: Id(5)] string Verdict,
    [property: Id(6)] double? ExecutionTime,
    [property: Id(7)] long? MemoryUsage,
    [property: Id(8), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output,
    [property: Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ErrorOutput,
    [property: Id(10), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<DiffLine>? Diff)
    : CaseReport(RunId);

[GenerateSerializer, Immutable]
internal sealed record CasesCompletedEvent(
    string RunId,
    [property: Id(1)] string UserId,
    [property: Id(2)] string Language,
    [property: Id(3)] string Verdict,
    [property: Id(4)] int Passed,
    [property: Id(5)] int Total,
    [property: Id(6)] string? CompileOutput)
    : CaseReport(RunId);

[GenerateSerializer, Immutable]
internal sealed record CasesChangedEvent([property: Id(0)] string RoomId);

/// <summary>A line of a diff: <c>same</c>, <c>missing</c> (expected, not there) or <c>extra</c> (there, not expected), with its number on either side.</summary>
[GenerateSerializer, Immutable]
internal sealed record DiffLine(
    [property: Id(0)] string Kind, [property: Id(1)] string Line, [property: Id(2)] int? Expected, [property: Id(3)] int? Actual);
