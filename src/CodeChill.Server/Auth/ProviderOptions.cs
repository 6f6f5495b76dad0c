using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth;

/// <summary>The OpenID Connect tenant whose access tokens are accepted.</summary>
internal sealed record ProviderOptions
{
    /// <summary>Ends with a slash; <c>iss</c> of an accepted token is exactly this (or exactly what discovery below it states).</summary>
    public required Uri Authority { get; init; }

    /// <summary>What <c>aud</c> must contain.</summary>
    public required string Audience { get; init; }

    /// <summary>For the web client's sign-in, told by <c>GET /api/auth/config</c>.</summary>
    public required string? ClientId { get; init; }

    public static ProviderOptions? Read(SettingsReader settings)
    {
        const string domainKey = "Auth:Domain";
        const string audienceKey = "Auth:Audience";
        var domain = settings.Text(domainKey, 255);
        var audience = settings.Text(audienceKey, 255);
        var clientId = settings.Text("Auth:ClientId", 255);
        // Existing .env files have it; accepting access tokens needs no client secret, so it is read and not kept.
        settings.Text("Auth:ClientSecret");
        if (domain is null)
        {
            if (audience is not null)
                settings.Refuse(domainKey, $"nothing, while {settings.NameOf(audienceKey)} is set", "the tenant's host name, or neither setting");
            return null;
        }

        if (audience is null)
            settings.Refuse(audienceKey, "nothing", $"the API audience, because {settings.NameOf(domainKey)} is set");
        var authority = ReadAuthority(domain);
        if (authority is null)
            settings.Refuse(domainKey, SettingsReader.Quote(domain), "a host name like tenant.eu.auth0.com, an https:// URL, or an http:// URL of this machine");
        return authority is null || audience is null ? null : new() { Authority = authority, Audience = audience, ClientId = clientId };
    }

    private static Uri? ReadAuthority(string domain)
    {
        var text = domain.Contains("://", StringComparison.Ordinal) ? domain : "https://" + domain;
        if (!Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) || url.Query.Length > 0 || url.Fragment.Length > 0
            || url.UserInfo.Length > 0)
            return null;
        // Keys fetched over plain HTTP can be anybody's.
        return url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback) ? url : null;
    }
}
