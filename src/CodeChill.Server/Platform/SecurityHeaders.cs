using CodeChill.Server.Auth;

namespace CodeChill.Server.Platform;

/// <summary>
/// What browsers are told about every answer. The web client needs no inline script and no other origin but the identity provider's;
/// CodeMirror puts its themes into style elements, hence 'unsafe-inline' for styles.
/// </summary>
internal sealed class SecurityHeaders
{
    private static readonly object _nonceKey = new();

    private readonly RequestDelegate _next;
    private readonly string _policy;

    public SecurityHeaders(RequestDelegate next, AuthOptions auth)
    {
        _next = next;
        var provider = auth.Provider is { } known ? " " + known.Authority.GetLeftPart(UriPartial.Authority) : "";
        _policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; "
            + $"connect-src 'self' ws: wss:{provider}; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'";
    }

    /// <summary>For a page with an inline script of its own: what the script element must carry for the policy to let it run.</summary>
    public static string NonceOf(HttpContext http)
        => (string)(http.Items[_nonceKey] ??= Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)));

    public Task InvokeAsync(HttpContext http)
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = http.Items.TryGetValue(_nonceKey, out var nonce) ? $"{_policy}; script-src 'self' 'nonce-{nonce}'" : _policy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            if (http.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000";
            if (http.Request.Path.StartsWithSegments("/api") && headers.CacheControl.Count == 0)
                headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return _next(http);
    }
}
