using CodeChill.Sandbox.Boxes;

namespace CodeChill.Sandbox.Languages;

/// <summary>What a language needs in its boxes besides the root file system, or why that cannot be had.</summary>
internal sealed record LanguagePart
{
    public static LanguagePart Empty { get; } = new();

    /// <summary>Why the language is unavailable; null when it is not.</summary>
    public string? Missing { get; init; }

    public IReadOnlyList<Bind> Binds { get; init; } = [];

    /// <summary>Small files copied into every box of the language.</summary>
    public IReadOnlyList<(string Path, string Text)> Files { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>A directory of the parts built beside the root, seen in the box as /opt/NAME.</summary>
    public static LanguagePart Built(RootFileSystem root, string name)
    {
        var path = Path.Combine(root.PartsPath, name);
        return Directory.Exists(path)
            ? new() { Binds = [new(path, "/opt/" + name)] }
            : new() { Missing = $"{name} is not built. Run: eng/sandbox-root.sh" };
    }

    /// <summary>Whether a path and all its parents may be entered by any user; a slot's user can use nothing else.</summary>
    public static bool IsWorldReadable(string path)
    {
        if (OperatingSystem.IsWindows()) return false;
        if ((File.GetUnixFileMode(path) & UnixFileMode.OtherRead) == 0) return false;
        for (var directory = Path.GetDirectoryName(path); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if ((File.GetUnixFileMode(directory) & UnixFileMode.OtherExecute) == 0) return false;
        }
        return true;
    }
}
