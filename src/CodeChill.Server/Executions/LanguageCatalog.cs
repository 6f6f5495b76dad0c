using CodeChill.Sandbox;

namespace CodeChill.Server.Executions;

/// <summary>
/// The languages of this server by name. What a language is (its names, its classic Judge0 id, the text a new room starts from) is one file in
/// the sandbox library and nowhere else; which of them can run here, and in what version, is the runner's to say.
/// </summary>
internal static class LanguageCatalog
{
    public const string Default = "javascript";

    public static IReadOnlyList<LanguageInfo> All => KnownLanguages.All;

    /// <summary>By its name exactly: what is stored and sent to clients is always the name.</summary>
    public static LanguageInfo? Find(string? name) => FindAny(name) is { } language && language.Name == name ? language : null;

    /// <summary>By name or alias, whatever the case.</summary>
    public static LanguageInfo? FindAny(string? name) => name is null ? null : KnownLanguages.Find(name);

    public static string TemplateOf(string name) => Find(name)?.Template ?? "";
}
