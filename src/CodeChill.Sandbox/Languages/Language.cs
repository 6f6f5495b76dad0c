using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Languages;

/// <summary>
/// Everything the runner knows of a language. Adding one is a file like its neighbours and a line in <see cref="LanguageCatalog"/>.
/// <see cref="Run"/> and <see cref="Environment"/> may hold <c>{memoryMb}</c>, <c>{halfMemoryMb}</c> and <c>{memoryHex}</c>: three quarters of the box's
/// memory limit, half of it, and three quarters in bytes, hexadecimal. A runtime that knows a limit of its own collects garbage, or reports, before
/// the kernel kills it.
/// </summary>
internal sealed record Language
{
    public required string Name { get; init; }

    public required string DisplayName { get; init; }

    public string[] Aliases { get; init; } = [];

    public required int Judge0Id { get; init; }

    public required string FileName { get; init; }

    public required string Template { get; init; }

    /// <summary>Programs that must be in the root's /usr/bin.</summary>
    public string[] Executables { get; init; } = [];

    /// <summary>Said when one is missing: how to get them.</summary>
    public required string InstallHint { get; init; }

    /// <summary>What is not in the root itself, such as a compiler from a package.</summary>
    public Func<RootFileSystem, LanguagePart>? Part { get; init; }

    /// <summary>Prints the version; also the proof that the toolchain starts in a box.</summary>
    public required string[] VersionCommand { get; init; }

    public CompileStep? Compile { get; init; }

    /// <summary>How its compiler is kept waiting; null when starting it costs little.</summary>
    public WarmCompiler? Warm { get; init; }

    public required string[] Run { get; init; }

    /// <summary>Starts the language's own prompt on a terminal; null when it has none.</summary>
    public string[]? Prompt { get; init; }

    public KeyValuePair<string, string>[] Environment { get; init; } = [];

    /// <summary>What the runtime prints to standard error when it gives up for lack of memory before the kernel says so.</summary>
    public string[] MemorySigns { get; init; } = [];

    public LanguageInfo Describe(string? version, string? reason) => new()
    {
        Name = Name,
        DisplayName = DisplayName,
        Aliases = Aliases,
        Judge0Id = Judge0Id,
        FileName = FileName,
        Compiled = Compile is not null,
        Interactive = Prompt is not null,
        Template = Template,
        Available = reason is null,
        Version = version,
        Reason = reason,
    };
}
