using System.Threading.Channels;

namespace CodeChill.Sandbox;

/// <summary>A program to run.</summary>
public sealed record RunRequest
{
    /// <summary>Name or alias of the language, without regard to case, such as <c>python</c> or <c>js</c>.</summary>
    public required string Language { get; init; }

    /// <summary>The program's text; at most <see cref="SandboxOptions.MaxSourceBytes"/> as UTF-8.</summary>
    public required string Source { get; init; }

    /// <summary>Bytes for standard input, available at once.</summary>
    /// <value>Empty by default.</value>
    public ReadOnlyMemory<byte> Stdin { get; init; }

    /// <summary>
    /// Live input that follows <see cref="Stdin"/>: what is read from the channel is fed to the program while it runs, and the
    /// channel's completion closes standard input. Input the program never reads is dropped when the program ends.
    /// </summary>
    /// <value><c>null</c> by default: standard input ends after <see cref="Stdin"/>.</value>
    public ChannelReader<ReadOnlyMemory<byte>>? Input { get; init; }

    /// <summary>
    /// Runs the program on a terminal of this size instead of pipes: what it writes, and the echo of what is typed, comes as <see cref="OutputStream.Stdout"/>; bytes of
    /// <see cref="Input"/> are what a keyboard sends (0x03 interrupts), and its completion sends 0x04, end of input. With an empty <see cref="Source"/>, a language that is
    /// <see cref="LanguageInfo.Interactive"/> starts its prompt. Mind <see cref="RunLimits.Wall"/>: people are slower than programs.
    /// </summary>
    /// <value><c>null</c> by default: pipes.</value>
    public TerminalSize? Terminal { get; init; }

    /// <summary>New sizes of the terminal while the program runs.</summary>
    /// <value><c>null</c> by default.</value>
    public ChannelReader<TerminalSize>? Resizes { get; init; }

    /// <summary>
    /// Whose program it is, such as a room's id: a compiler that waits (see <see cref="SandboxOptions.WarmMemoryBytes"/>) and has compiled for this owner may compile for it
    /// again. It never compiles for two owners.
    /// </summary>
    /// <value><c>null</c> by default: a waiting compiler is used once and thrown away.</value>
    public string? Owner { get; init; }

    /// <summary>Limits of the run step; the compile step has its own, set by the language.</summary>
    public RunLimits Limits { get; init; } = new();
}
