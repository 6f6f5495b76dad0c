using System.Threading.Channels;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What one box may use.</summary>
internal readonly record struct BoxLimits(TimeSpan Wall, TimeSpan Cpu, long MemoryBytes, int Processes, long FileBytes)
{
    public static BoxLimits Of(RunLimits limits) => new(limits.Wall, limits.Cpu, limits.MemoryBytes, limits.Processes, limits.FileBytes);
}

/// <summary>A file copied into the box before it starts.</summary>
internal readonly record struct BoxFile(MemoryFile Content, string Path, bool Executable = false);

/// <summary>A host path visible read-only in the box.</summary>
internal readonly record struct Bind(string Host, string Box);

/// <summary>Where a box's program goes.</summary>
internal readonly record struct BoxPlace(string Path, bool Executable = false);

/// <summary>A box for one step (a compile or a run): what must be known to set it up.</summary>
internal sealed record BoxSpec
{
    public required IReadOnlyList<string> Command { get; init; }

    public required BoxLimits Limits { get; init; }

    /// <summary>The program is what may come after the box was set up; null: the command is all there is.</summary>
    public BoxPlace? Program { get; init; }

    public IReadOnlyList<BoxFile> Files { get; init; } = [];

    public IReadOnlyList<Bind> Binds { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>Instead of pipes; everything goes to <see cref="BoxPorts.OnStdout"/>.</summary>
    public TerminalSize? Terminal { get; init; }
}

/// <summary>What a box is connected to while its command runs.</summary>
internal sealed record BoxPorts
{
    /// <summary>Nothing in, and what comes out is dropped.</summary>
    public static BoxPorts None { get; } = new() { OnStdout = _ => new(true), OnStderr = _ => new(true) };

    /// <summary>How long the command may take; null: what <see cref="BoxSpec.Limits"/> says.</summary>
    public TimeSpan? Wall { get; init; }

    /// <summary>When set, it and nothing else says how much time there is.</summary>
    public BoxControl? Control { get; init; }

    public ReadOnlyMemory<byte> Stdin { get; init; }

    public ChannelReader<ReadOnlyMemory<byte>>? Input { get; init; }

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
