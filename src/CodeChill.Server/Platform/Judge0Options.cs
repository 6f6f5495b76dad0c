namespace CodeChill.Server.Platform;

/// <summary>A Judge0 service that may run code; absent, everything runs in the local sandbox.</summary>
internal sealed record Judge0Options
{
    /// <summary>Ends with a slash.</summary>
    public required Uri? ApiUrl { get; init; }

    public required string? ApiKey { get; init; }

    /// <summary>For self-hosted services with an authorization token beside the authentication token (<c>X-Auth-User</c>).</summary>
    public string? AuthUser { get; init; }

    /// <summary>From the moment a run is handed over until its result must be there, Judge0's own queue included.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one request may take, its body included.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Runs that may be there at once. Waiting for them costs this machine nothing.</summary>
    public int Concurrency { get; init; } = 16;

    /// <summary>The pause before the first look at a result; each later one is half as long again, up to <see cref="LongestPoll"/>.</summary>
    public TimeSpan FirstPoll { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Hosted plans count every look, so a slow run is looked at seldom.</summary>
    public TimeSpan LongestPoll { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>RapidAPI tells its services apart by host name and wants its own headers.</summary>
    public bool IsRapidApi => ApiUrl is { } url && (url.Host == "rapidapi.com" || url.Host.EndsWith(".rapidapi.com", StringComparison.OrdinalIgnoreCase));

    public static Judge0Options Read(SettingsReader settings)
    {
        var url = settings.Url("Judge0:ApiUrl", "https", "http");
        var key = settings.Text("Judge0:ApiKey");
        if (key is not null && key.Any(c => c is < ' ' or > '~'))
        {
            settings.Refuse("Judge0:ApiKey", "something with blanks or other characters no header may hold", "the key as the service shows it");
            key = null;
        }

        // Existing .env files set only the key; it was always meant for this service.
        url ??= key is null ? null : new Uri("https://judge0-ce.p.rapidapi.com");
        return new()
        {
            ApiUrl = url is null ? null : new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
            ApiKey = key,
            AuthUser = settings.Text("Judge0:AuthUser"),
            // Below the queue's own deadline, so that the clearer message wins.
            Deadline = TimeSpan.FromSeconds(settings.Number("Judge0:DeadlineSeconds", 60, 1, 80)),
            Concurrency = settings.Number("Judge0:Concurrency", 16, 1, 1000),
        };
    }
}
