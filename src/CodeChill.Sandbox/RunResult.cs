namespace CodeChill.Sandbox;

/// <summary>What came of a run.</summary>
public sealed record RunResult
{
    /// <summary>How the run ended.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>
    /// The program's exit code (the compiler's after a <see cref="RunStatus.CompileError"/>); 128 + n after signal n.
    /// <c>null</c> when the run was killed from outside or nothing ran.
    /// </summary>
    public int? ExitCode { get; init; }

    /// <summary>Name of the signal that ended the program, such as <c>SIGSEGV</c>; <c>null</c> when none did.</summary>
    public string? Signal { get; init; }

    /// <summary>Standard output as text; invalid UTF-8 appears as U+FFFD.</summary>
    public string Stdout { get; init; } = "";

    /// <summary>Standard error as text; invalid UTF-8 appears as U+FFFD.</summary>
    public string Stderr { get; init; } = "";

    /// <summary>What the compiler said, warnings included; empty for languages that are not compiled.</summary>
    public string CompileOutput { get; init; } = "";

    /// <summary>Output was cut at its limit.</summary>
    public bool Truncated { get; init; }

    /// <summary>Wall time of the run step (of the compile step after a compile error).</summary>
    public TimeSpan Wall { get; init; }

    /// <summary>
    /// CPU time of the run step over all its processes, the sandbox's own start (about 10 ms) included. Without cgroups a lower bound
    /// from sampling.
    /// </summary>
    public TimeSpan Cpu { get; init; }

    /// <summary>Highest memory use of the run step in bytes. Without cgroups a lower bound from sampling.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>Wall time of the compile step; zero when there was none.</summary>
    public TimeSpan CompileWall { get; init; }

    /// <summary>CPU time of the compile step over all its processes; zero when there was none.</summary>
    public TimeSpan CompileCpu { get; init; }

    /// <summary>The source was compiled by a compiler that was waiting for it.</summary>
    public bool CompileWarm { get; init; }

    /// <summary>The compile step was skipped because the same source had been compiled before.</summary>
    public bool CompileCached { get; init; }

    /// <summary>One sentence for people.</summary>
    public string Message { get; init; } = "";
}
