using System.Globalization;

namespace CodeChill.Server.Platform;

/// <summary>
/// Reads settings one by one and collects what is wrong with them, so that a start that is refused names every problem at once: the
/// setting as the operator wrote it, what was given (secrets are never shown) and what is allowed. After a problem the default is
/// returned; nothing runs on it, because <see cref="Startup.PrepareAsync"/> refuses to go on.
/// </summary>
internal sealed class SettingsReader(IConfiguration configuration, IHostEnvironment environment, IReadOnlyDictionary<string, string> givenAs)
{
    private readonly List<string> _problems = [];
    private readonly List<string> _keys = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Every key asked for so far; a test holds it against <c>appsettings.json</c>.</summary>
    public IReadOnlyList<string> Keys => _keys;

    public bool IsDevelopment => environment.IsDevelopment();

    /// <summary>ASP.NET Core was told where to listen in its own way.</summary>
    public bool HasOtherUrls => configuration["urls"] is { Length: > 0 } || configuration["http_ports"] is { Length: > 0 };

    public string ContentRoot => environment.ContentRootPath;

    /// <summary>The value, or null when the setting is absent or blank: <c>NAME=</c> in a <c>.env</c> file means "not set".</summary>
    public string? Text(string key, int maxLength = 2048)
    {
        _keys.Add(key);
        var value = configuration[key];
        if (string.IsNullOrWhiteSpace(value))
            return null;
        value = value.Trim();
        if (value.Length <= maxLength)
            return value;
        Refuse(key, $"{value.Length} characters", $"at most {maxLength} characters");
        return null;
    }

    public int Number(string key, int fallback, int min, int max)
    {
        var text = Text(key);
        if (text is null)
            return fallback;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Refuse(key, Quote(text), $"a whole number from {min} to {max}");
        return fallback;
    }

    public bool? Flag(string key)
    {
        var text = Text(key);
        switch (text?.ToLowerInvariant())
        {
            case null:
                return null;
            case "true" or "1" or "yes" or "on":
                return true;
            case "false" or "0" or "no" or "off":
                return false;
            default:
                Refuse(key, Quote(text), "true or false");
                return null;
        }
    }

    public T Choice<T>(string key, T fallback, IReadOnlyDictionary<string, T> allowed)
    {
        var text = Text(key);
        if (text is null)
            return fallback;
        if (allowed.TryGetValue(text.ToUpperInvariant(), out var choice))
            return choice;
        Refuse(key, Quote(text), "one of " + string.Join(", ", allowed.Keys));
        return fallback;
    }

    /// <summary>An absolute URL of one of the schemes, without user name or password in it.</summary>
    public Uri? Url(string key, params string[] schemes)
    {
        var text = Text(key);
        if (text is null)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme) && url.Host.Length > 0)
            return url;
        // A URL may carry a password; its text is not repeated.
        Refuse(key, "something else", "a URL starting with " + string.Join(" or ", schemes.Select(s => s + "://")));
        return null;
    }

    public IReadOnlyList<string> List(string key)
        => Text(key, 8192)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Refuses the start. <paramref name="given"/> must not hold a secret.</summary>
    public void Refuse(string key, string given, string allowed) => _problems.Add($"{NameOf(key)}: given {given}; allowed: {allowed}");

    /// <summary>How the operator knows this setting: the environment name when it was given (or is best given) that way.</summary>
    public string NameOf(string key) => givenAs.TryGetValue(key, out var name) ? name : key;

    public static string Quote(string value) => "\"" + (value.Length > 80 ? value[..80] + "…" : value) + "\"";
}
