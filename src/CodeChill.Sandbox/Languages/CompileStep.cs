using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Languages;

/// <summary>How a language is compiled: in a box of its own, which sees the source and leaves one artifact.</summary>
/// <param name="Script">Shell text, fixed, run in /box where the source is; what it prints is compiler output.</param>
/// <param name="Artifact">The file (or with <paramref name="IsTree"/> the directory) in /box that the run step gets, at the same place.</param>
internal sealed record CompileStep(string Script, string Artifact)
{
    /// <summary>The artifact is a directory; it travels as a tar archive that only boxes ever open.</summary>
    public bool IsTree { get; init; }

    public TimeSpan Wall { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan Cpu { get; init; } = TimeSpan.FromSeconds(15);

    public long MemoryBytes { get; init; } = 512L << 20;

    public int Processes { get; init; } = 64;

    public BoxLimits Limits => new(Wall, Cpu, MemoryBytes, Processes, 64L << 20);
}

/// <summary>Host paths a language needs in its boxes besides the root, or why they cannot be had.</summary>
internal sealed record LanguagePart(IReadOnlyList<Bind> Binds, string? Missing = null);
