using System.Reflection;

namespace CodeChill.Sandbox.Languages;

/// <summary>
/// How a slow compiler is kept waiting: a program that loads it, compiles a sample until it is fast, and then takes its work from standard input
/// (Languages/Workers). It is compiled once by the toolchain itself and runs in a box like every other.
/// </summary>
internal sealed record WarmCompiler
{
    /// <summary>The worker's source: an embedded file of Languages/Workers.</summary>
    public required string Resource { get; init; }

    /// <summary>Compiles the worker; the source has the language's own file name.</summary>
    public required CompileStep Build { get; init; }

    /// <summary>Where the compiled worker is seen in its box.</summary>
    public required string File { get; init; }

    public required string[] Command { get; init; }

    /// <summary>What a waiting worker occupies, as measured; counted against <see cref="SandboxOptions.WarmMemoryBytes"/>.</summary>
    public required long TypicalBytes { get; init; }

    public byte[] Source()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
