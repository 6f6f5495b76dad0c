namespace CodeChill.Sandbox.Languages;

/// <summary>The languages, in the order people see them.</summary>
internal static class LanguageCatalog
{
    public static IReadOnlyList<Language> All { get; } =
    [
        JavaScript.Definition, TypeScript.Definition, Python.Definition, Java.Definition, Cpp.Definition, C.Definition, CSharp.Definition, Go.Definition,
        Rust.Definition, Php.Definition, Ruby.Definition, Kotlin.Definition, Swift.Definition,
    ];

    private static readonly Dictionary<string, Language> s_byName = All
        .SelectMany(l => l.Aliases.Append(l.Name).Select(n => (Name: n, Language: l)))
        .ToDictionary(p => p.Name, p => p.Language, StringComparer.OrdinalIgnoreCase);

    public static Language? Find(string name) => s_byName.GetValueOrDefault(name);
}
