using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary>Where the platforms are asked, and how patiently.</summary>
internal sealed record StatsOptions
{
    public Uri GitHubUrl { get; init; } = new("https://api.github.com/");

    /// <summary>Without a token GitHub answers 60 requests an hour to one address, with one 5000.</summary>
    public string? GitHubToken { get; init; }

    public Uri LeetCodeUrl { get; init; } = new("https://leetcode.com/");

    public Uri CodeforcesUrl { get; init; } = new("https://codeforces.com/api/");

    /// <summary>Codeforces asks for no more than one request in two seconds.</summary>
    public TimeSpan CodeforcesSpacing { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Before the first repetition of a request; the second waits twice as long. Both vary at random.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long one request may take, its body included.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(8);

    public static StatsOptions Read(SettingsReader settings)
    {
        var defaults = new StatsOptions();
        var token = settings.Text("Stats:GitHubToken", 255);
        if (token is not null && token.Any(c => c is <= ' ' or > '~'))
        {
            settings.Refuse("Stats:GitHubToken", "something with blanks or other characters no header may hold", "a personal access token, or nothing");
            token = null;
        }

        return defaults with
        {
            GitHubUrl = Base(settings, "Stats:GitHubUrl") ?? defaults.GitHubUrl,
            GitHubToken = token,
            LeetCodeUrl = Base(settings, "Stats:LeetCodeUrl") ?? defaults.LeetCodeUrl,
            CodeforcesUrl = Base(settings, "Stats:CodeforcesUrl") ?? defaults.CodeforcesUrl,
            CodeforcesSpacing = TimeSpan.FromMilliseconds(settings.Number("Stats:CodeforcesSpacingMilliseconds", 2000, 0, 60_000)),
        };
    }

    private static Uri? Base(SettingsReader settings, string key)
        => settings.Url(key, "https", "http") is { } url ? new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/") : null;
}
