namespace CodeChill.Server.Platform;

/// <summary>A Judge0 service that may run code; absent, everything runs in the local sandbox.</summary>
internal sealed record Judge0Options
{
    public required Uri? ApiUrl { get; init; }

    public required string? ApiKey { get; init; }

    public static Judge0Options Read(SettingsReader settings)
    {
        var url = settings.Url("Judge0:ApiUrl", "https", "http");
        var key = settings.Text("Judge0:ApiKey");
        // Existing .env files set only the key; it was always meant for this service.
        return new() { ApiUrl = url ?? (key is null ? null : new Uri("https://judge0-ce.p.rapidapi.com")), ApiKey = key };
    }
}
