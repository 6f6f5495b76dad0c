using System.Threading.Channels;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What one box may use.</summary>
internal readonly record struct BoxLimits(TimeSpan Wall, TimeSpan Cpu, long MemoryBytes, int Processes, long FileBytes);

/// <summary>A file copied into the box before it starts.</summary>
internal readonly record struct BoxFile(MemoryFile Content, string Path, bool Executable = false);

/// <summary>A host path visible read-only in the box.</summary>
internal readonly record struct Bind(string Host, string Box);

/// <summary>One step (a compile or a run) in a box of its own.</summary>
internal sealed record BoxSpec
{
    public required IReadOnlyList<string> Command { get; init; }

    public required BoxLimits Limits { get; init; }

    public IReadOnlyList<BoxFile> Files { get; init; } = [];

    public IReadOnlyList<Bind> Binds { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>When set, it and not <see cref="Limits"/> says how much time there is.</summary>
    public BoxControl? Control { get; init; }

    public ReadOnlyMemory<byte> Stdin { get; init; }

    public ChannelReader<ReadOnlyMemory<byte>>? Input { get; init; }

    /// <summary>Instead of pipes; everything goes to <see cref="OnStdout"/>.</summary>
    public TerminalSize? Terminal { get; init; }

    public ChannelReader<TerminalSize>? Resizes { get; init; }

    /// <summary>Receives standard output; false ends the box.</summary>
    public required Func<ReadOnlyMemory<byte>, ValueTask<bool>> OnStdout { get; init; }

    /// <summary>Receives standard error; false ends the box.</summary>
    public required Func<ReadOnlyMemory<byte>, ValueTask<bool>> OnStderr { get; init; }
}

/// <summary>Why a box was ended from outside.</summary>
internal enum StopReason
{
    None,
    Wall,
    Cpu,
    Memory,
    Output,
    Cancelled,
}

/// <summary>What was measured of a finished box.</summary>
/// <param name="Started">The program itself was started; otherwise setting up the sandbox failed.</param>
internal sealed record BoxOutcome(
    StopReason Stop, bool Started, int ExitCode, TimeSpan Wall, TimeSpan Cpu, long PeakMemoryBytes, long OutOfMemoryKills, long RefusedForks);
