using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Languages;

/// <summary>A language as found on this machine: what the self-test learned, ready for use by every run.</summary>
internal sealed record Toolchain(Language Language, LanguageInfo Info, LanguagePart Part, IReadOnlyList<BoxFile> Files)
{
    /// <summary>The part's files, made once; they live as long as something holds the toolchain.</summary>
    public static IReadOnlyList<BoxFile> FilesOf(LanguagePart part) =>
        [.. part.Files.Select(f => new BoxFile(MemoryFile.Create(System.Text.Encoding.UTF8.GetBytes(f.Text)), f.Path))];

    public IReadOnlyList<KeyValuePair<string, string>> Environment(long memoryBytes) => EnvironmentOf(Language, Part, memoryBytes);

    public static IReadOnlyList<KeyValuePair<string, string>> EnvironmentOf(Language language, LanguagePart part, long memoryBytes) =>
        [.. language.Environment.Concat(part.Environment).Select(v => KeyValuePair.Create(v.Key, Fill(v.Value, memoryBytes)))];

    public static string Fill(string text, long memoryBytes) => !text.Contains('{') ? text : text
        .Replace("{memoryMb}", Invariant(memoryBytes * 3 / 4 >> 20), StringComparison.Ordinal)
        .Replace("{halfMemoryMb}", Invariant(memoryBytes / 2 >> 20), StringComparison.Ordinal)
        .Replace("{memoryHex}", (memoryBytes * 3 / 4).ToString("x", System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static string Invariant(long n) => n.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
