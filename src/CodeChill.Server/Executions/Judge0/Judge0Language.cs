using System.Text.RegularExpressions;

namespace CodeChill.Server.Executions.Judge0;

/// <summary>A language as one Judge0 installation offers it.</summary>
internal sealed record Judge0Language(int Id, string Name)
{
    /// <summary>What is written in the brackets of its name: "GCC 9.2.0", "3.8.1".</summary>
    public string Version => Name.IndexOf('(', StringComparison.Ordinal) is var open and >= 0 ? Name[(open + 1)..].TrimEnd(')', ' ') : "";
}

/// <summary>
/// Finds the contract's languages among those of a Judge0 installation. Ids are not the same everywhere: the hosted service has newer
/// compilers under other ids, and an installation may leave languages out. The contract's id is taken when it stands for the language there;
/// else the newest compiler whose name says so.
/// </summary>
internal static partial class Judge0Languages
{
    /// <summary>The word before the bracket, and which compiler to prefer when there are several.</summary>
    private static readonly Dictionary<string, (string Word, string Prefer)> Names = new()
    {
        ["javascript"] = ("JavaScript", "Node.js"),
        ["python"] = ("Python", ""),
        ["java"] = ("Java", ""),
        ["cpp"] = ("C++", "GCC"),
        ["c"] = ("C", "GCC"),
        ["csharp"] = ("C#", ""),
        ["php"] = ("PHP", ""),
        ["ruby"] = ("Ruby", ""),
        ["go"] = ("Go", ""),
        ["rust"] = ("Rust", ""),
        ["kotlin"] = ("Kotlin", ""),
        ["swift"] = ("Swift", ""),
        ["typescript"] = ("TypeScript", ""),
    };

    public static IReadOnlyDictionary<string, Judge0Language> Resolve(IEnumerable<Judge0Language> offered)
    {
        var all = offered.ToList();
        var found = new Dictionary<string, Judge0Language>();
        foreach (var language in LanguageCatalog.All)
        {
            var (word, prefer) = Names[language.Name];
            var candidates = all.Where(l => WordOf(l.Name) == word).ToList();
            var chosen = candidates.FirstOrDefault(l => l.Id == language.Judge0Id)
                ?? candidates.OrderByDescending(l => l.Version.StartsWith(prefer, StringComparison.Ordinal)).ThenByDescending(l => NumberOf(l.Version)).ThenByDescending(l => l.Id).FirstOrDefault();
            if (chosen is not null)
                found[language.Name] = chosen;
        }

        return found;
    }

    private static string WordOf(string name) => name.Split('(', 2)[0].Trim();

    private static Version NumberOf(string version)
        => FirstNumber().Match(version) is { Success: true } match && Version.TryParse(match.Value.Contains('.', StringComparison.Ordinal) ? match.Value : match.Value + ".0", out var number)
            ? number
            : new Version(0, 0);

    // "Node.js 22.08.0" and "JDK 17.0.6": at most four parts, as Version takes them.
    [GeneratedRegex(@"\d{1,9}(\.\d{1,9}){0,3}")]
    private static partial Regex FirstNumber();
}
