using CodeChill.Sandbox.Languages;

namespace CodeChill.Sandbox;

/// <summary>The languages this library knows, whatever machine it is on. Which of them can run here is <see cref="SandboxRunner.Languages"/>'s to say.</summary>
public static class KnownLanguages
{
    /// <summary>Every language, in the order people see them; none of them is marked as available, since nothing was tested.</summary>
    public static IReadOnlyList<LanguageInfo> All { get; } = [.. LanguageCatalog.All.Select(l => l.Describe(null, "not tested"))];

    private static readonly Dictionary<string, LanguageInfo> s_byName = All.ToDictionary(l => l.Name, StringComparer.Ordinal);

    /// <summary>The language of this name or alias, without regard to case; <c>null</c> when there is none.</summary>
    /// <param name="name">A name or an alias.</param>
    public static LanguageInfo? Find(string name) => LanguageCatalog.Find(name) is { } language ? s_byName[language.Name] : null;
}
