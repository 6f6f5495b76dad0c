using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Languages;

/// <summary>How a language is compiled: in a box of its own, which sees the source and leaves one artifact.</summary>
/// <param name="Script">Shell text, fixed, run in /box where the source is; what it prints is compiler output.</param>
/// <param name="Artifact">The file (or with <see cref="IsTree"/> the directory) in /box that the run step gets, at the same place.</param>
internal sealed record CompileStep(string Script, string Artifact)
{
    /// <summary>The artifact is a directory; it travels as a tar archive that only boxes ever open.</summary>
    public bool IsTree { get; init; }

    /// <summary>Only for a compiler that hangs: on a busy machine honest ones take several times their processor time.</summary>
    public TimeSpan Wall { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Cpu { get; init; } = TimeSpan.FromSeconds(15);

    public long MemoryBytes { get; init; } = 512L << 20;

    public int Processes { get; init; } = 64;

    public BoxLimits Limits => new(Wall, Cpu, MemoryBytes, Processes, 64L << 20);
}
