namespace CodeChill.Sandbox.Boxes;

/// <summary>The read-only tree a box sees: a built one, or the host's /usr. Never the whole of /etc: programs need four names of it, and the rest tells of the host.</summary>
internal sealed class RootFileSystem
{
    /// <summary>Written last by eng/sandbox-root.sh: a tree without it is half built.</summary>
    public const string Stamp = ".codechill-root";

    private const string PartsSuffix = "-parts";

    private static readonly string[] s_etc = ["alternatives", "ld.so.cache", "php", "java-17-openjdk", "java-21-openjdk", "java-25-openjdk"];

    private readonly List<Bind> _binds = [];
    private readonly List<Bind> _links = [];

    private RootFileSystem(string path)
    {
        Path = path;
        _binds.Add(new(In("usr"), "/usr"));
        foreach (var name in (ReadOnlySpan<string>)["bin", "sbin", "lib", "lib32", "lib64"])
        {
            var directory = new DirectoryInfo(In(name));
            if (directory.LinkTarget is { } target) _links.Add(new(target, "/" + name));
            else if (directory.Exists) _binds.Add(new(directory.FullName, "/" + name));
        }
        foreach (var name in s_etc)
        {
            var path1 = In("etc/" + name);
            if (File.Exists(path1) || Directory.Exists(path1)) _binds.Add(new(path1, "/etc/" + name));
        }
    }

    public string Path { get; }

    public bool IsHost => Path == "/";

    /// <summary>Extra parts built beside the tree (compilers from packages, caches): each a directory.</summary>
    public string PartsPath => IsHost
        ? DefaultPlaces.Select(p => p + PartsSuffix).FirstOrDefault(Directory.Exists) ?? DefaultPlaces[0] + PartsSuffix
        : Path.TrimEnd('/') + PartsSuffix;

    public IReadOnlyList<Bind> Binds => _binds;

    public IReadOnlyList<Bind> Links => _links;

    /// <summary>Where the build script puts the tree: for root, and for everybody else.</summary>
    public static IReadOnlyList<string> DefaultPlaces { get; } =
    [
        "/var/lib/codechill/root",
        System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "codechill/root"),
    ];

    /// <exception cref="DirectoryNotFoundException">A tree was asked for by path and is not there or not finished.</exception>
    public static RootFileSystem Find(SandboxOptions options)
    {
        if (options.UseHostRoot) return new("/");
        if (options.RootPath is { } asked)
        {
            return asked == "/" || IsFinished(asked)
                ? new(asked)
                : throw new DirectoryNotFoundException($"There is no finished sandbox root at {asked} (no {Stamp} file).");
        }
        return new(DefaultPlaces.FirstOrDefault(IsFinished) ?? "/");
    }

    /// <summary>Changes when a tree is built, replaced or removed, or one of its parts is.</summary>
    public static string SignOf(SandboxOptions options) =>
        options.UseHostRoot ? "" : string.Join(' ', (options.RootPath is { } asked ? [asked] : DefaultPlaces).SelectMany(p =>
            (long[])[File.GetLastWriteTimeUtc(System.IO.Path.Combine(p, Stamp)).Ticks, Directory.GetLastWriteTimeUtc(p.TrimEnd('/') + PartsSuffix).Ticks]));

    public bool HasExecutable(string name) =>
        ((ReadOnlySpan<string>)["usr/bin/", "usr/local/bin/"]).ToArray().Any(d => new FileInfo(In(d + name)) is { } f && (f.Exists || f.LinkTarget is not null));

    /// <summary>The path in the box of a program that is named without one; of two, the one that PATH names first.</summary>
    public string Locate(string program) => program.Contains('/') ? program : File.Exists(In("usr/local/bin/" + program)) ? "/usr/local/bin/" + program : "/usr/bin/" + program;

    public bool Has(string absolutePath) => File.Exists(In(absolutePath.TrimStart('/'))) || Directory.Exists(In(absolutePath.TrimStart('/')));

    private static bool IsFinished(string path) => File.Exists(System.IO.Path.Combine(path, Stamp));

    private string In(string relative) => System.IO.Path.Combine(Path, relative);
}
