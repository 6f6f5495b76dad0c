using System.Globalization;

namespace CodeChill.Sandbox.Tests;

/// <summary>A file of tests/attacks/sandbox: a program and, in its header, what must come of it.</summary>
internal sealed class Attack
{
    private readonly Dictionary<string, string> _header = [];

    private Attack(string path)
    {
        Name = Path.GetFileName(path);
        Language = Path.GetExtension(path) switch
        {
            ".py" => "python",
            ".js" => "javascript",
            ".c" => "c",
            ".cpp" => "cpp",
            ".java" => "java",
            ".rs" => "rust",
            ".go" => "go",
            ".cs" => "csharp",
            var other => throw new InvalidOperationException($"{Name}: no language for {other}"),
        };
        Source = File.ReadAllText(path);
        foreach (var line in Source.Split('\n').TakeWhile(l => l.StartsWith('#') || l.StartsWith("//", StringComparison.Ordinal)))
        {
            var text = line.TrimStart('#', '/').Trim();
            var colon = text.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0) _header[text[..colon]] = text[(colon + 2)..];
        }
        // Too large to keep as a file, too dull to read.
        if (_header.ContainsKey("Generate"))
        {
            Source = Source.Replace("GENERATED", (Language == "csharp" ? "int x = " : "x = ") + new string('(', 100_000) + "1" + new string(')', 100_000) + (Language == "csharp" ? ";" : ""), StringComparison.Ordinal);
        }
    }

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "attacks");

    public static IReadOnlyList<Attack> All { get; } =
        [.. Directory.GetFiles(Folder).Where(f => Path.GetExtension(f) != ".md").Order(StringComparer.Ordinal).Select(f => new Attack(f))];

    public string Name { get; }

    public string Language { get; }

    public string Source { get; }

    /// <summary>Its row in the list of attacks.</summary>
    public int Row => (int)Number(_header["Row"]);

    public bool Heavy => _header.GetValueOrDefault("Category") == "Heavy";

    public bool Twice => _header.ContainsKey("Twice");

    public string? Says => _header.GetValueOrDefault("Says");

    public string Outcome => _header["Outcome"];

    public IReadOnlyList<RunStatus> Statuses => [.. _header["Status"].Split(' ').Select(Enum.Parse<RunStatus>)];

    public TimeSpan? MaxWall => _header.TryGetValue("MaxWall", out var s) ? TimeSpan.FromSeconds(Number(s)) : null;

    public byte[] Stdin => _header.TryGetValue("Stdin", out var n) ? new byte[(int)Number(n)] : [];

    public RunLimits Limits
    {
        get
        {
            var limits = SandboxFixture.Patient;
            foreach (var pair in _header.GetValueOrDefault("Limits", "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var (key, value) = (pair.Split('=')[0], Number(pair.Split('=')[1]));
                limits = key switch
                {
                    "wall" => limits with { Wall = TimeSpan.FromSeconds(value) },
                    "cpu" => limits with { Cpu = TimeSpan.FromSeconds(value) },
                    "memory" => limits with { MemoryBytes = (long)value << 20 },
                    "output" => limits with { OutputBytes = (long)value << 20 },
                    "processes" => limits with { Processes = (int)value },
                    "file" => limits with { FileBytes = (long)value << 20 },
                    _ => throw new InvalidOperationException($"{Name}: unknown limit {key}"),
                };
            }
            return limits;
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
