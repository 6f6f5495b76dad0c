namespace CodeChill.Server.Platform;

/// <summary>Which web pages of other origins may call this server with a user's credentials. The server's own origin always may.</summary>
internal sealed record CorsOptions
{
    /// <summary>Scheme, host and port as browsers send them in <c>Origin</c>; <see cref="AnyOrigin"/> replaces the list.</summary>
    public required IReadOnlyList<string> Origins { get; init; }

    /// <summary>True for <c>*</c>, which only Development accepts.</summary>
    public required bool AnyOrigin { get; init; }

    public bool Allows(string origin) => AnyOrigin || Origins.Contains(origin, StringComparer.OrdinalIgnoreCase);

    public static CorsOptions Read(SettingsReader settings)
    {
        const string key = "Cors:Origins";
        var given = settings.List(key);
        // Where the existing client's development server listens.
        if (given.Count == 0 && settings.IsDevelopment)
            given = ["http://localhost:4200"];
        var origins = new List<string>();
        foreach (var origin in given.Where(o => o != "*"))
        {
            var plain = origin.TrimEnd('/');
            if (Uri.TryCreate(plain, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                && string.Equals(url.GetLeftPart(UriPartial.Authority), plain, StringComparison.OrdinalIgnoreCase) && url.UserInfo.Length == 0)
                origins.Add(plain.ToLowerInvariant());
            else
                settings.Refuse(key, SettingsReader.Quote(origin), "origins like https://app.example.com, separated by commas");
        }

        var any = given.Contains("*");
        if (any && !settings.IsDevelopment)
            settings.Refuse(key, "\"*\"", "a list of origins; * together with credentials lets every web page act for a signed-in user");
        return new() { Origins = origins, AnyOrigin = any };
    }
}
