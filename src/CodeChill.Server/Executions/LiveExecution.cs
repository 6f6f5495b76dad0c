namespace CodeChill.Server.Executions;

/// <summary>A run that waits or runs, as its room keeps it for those who come late.</summary>
internal sealed class LiveExecution(LiveExecutionView run, string? socketId)
{
    private readonly OutputTail _output = new();

    public LiveExecutionView Run { get; set; } = run;

    /// <summary>Who is told of its place in the queue.</summary>
    public string? SocketId { get; } = socketId;

    public int LastSeq => Math.Max(_output.Seq, Run.Seq);

    public void Append(ExecutionOutput output) => _output.Append(output.Stream, output.Chunk, output.Seq);

    public void Restore(LiveExecutionView run)
    {
        foreach (var piece in run.Output)
            _output.Append(piece.Stream, piece.Data, run.Seq);
    }

    public LiveExecutionView View() => Run with { Output = _output.Pieces(), Seq = LastSeq, Truncated = Run.Truncated || _output.Truncated };
}

/// <summary>What waits or runs now, with the output so far.</summary>
[GenerateSerializer, Immutable]
internal sealed record LiveExecutionView
{
    [Id(0)] public required string ExecutionId { get; init; }
    [Id(1)] public required string UserId { get; init; }
    [Id(2)] public required string UserName { get; init; }
    [Id(3)] public required string Language { get; init; }

    /// <summary>pending or running.</summary>
    [Id(4)] public required string Status { get; init; }

    /// <summary>It takes <c>execution_input</c>.</summary>
    [Id(5)] public bool LiveInput { get; init; }

    /// <summary>The place in the queue of a pending one.</summary>
    [Id(6)] public int? Position { get; init; }
    [Id(7)] public IReadOnlyList<OutputPiece> Output { get; init; } = [];

    /// <summary>The number of the last <c>execution_output</c> in <see cref="Output"/>; -1 before the first.</summary>
    [Id(8)] public int Seq { get; init; } = -1;

    /// <summary>There was more output, before this.</summary>
    [Id(9)] public bool Truncated { get; init; }
}
