using Microsoft.AspNetCore.Http;

namespace CodeChill.SocketIO.Engine;

/// <summary>
/// Which browser origins may talk to the server, asked on every request: CORS keeps scripts from reading answers, it doesn't keep them
/// from opening WebSockets or posting to a known session.
/// </summary>
internal sealed class OriginPolicy(SocketIOOptions options)
{
    private readonly bool _any = options.AllowedOrigins.Contains("*");
    private readonly HashSet<string> _allowed = new(
        options.AllowedOrigins.Select(static o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    public bool Configured => _allowed.Count > 0;

    public bool Allows(HttpRequest request)
    {
        var header = request.Headers.Origin;
        if (header.Count == 0) return true;
        if (header.Count > 1 || string.IsNullOrEmpty(header[0])) return false;
        string origin = header[0]!;
        return _any || _allowed.Contains(origin) || IsSame(origin, request.Host);
    }

    /// <summary>Headers of an allowed cross-origin answer; nothing at all when no origins are configured.</summary>
    public void Apply(HttpContext http)
    {
        if (!Configured) return;
        var headers = http.Response.Headers;
        string? origin = http.Request.Headers.Origin;
        if (_any)
        {
            headers.AccessControlAllowOrigin = "*";
            return;
        }

        headers.Vary = "Origin";
        if (origin is null) return;
        headers.AccessControlAllowOrigin = origin;
        if (options.AllowCredentials) headers.AccessControlAllowCredentials = "true";
    }

    public void Preflight(HttpContext http)
    {
        Apply(http);
        var headers = http.Response.Headers;
        headers.AccessControlAllowMethods = "GET,POST";
        string? asked = http.Request.Headers.AccessControlRequestHeaders;
        if (!string.IsNullOrEmpty(asked))
        {
            headers.AccessControlAllowHeaders = asked;
            headers.Append("Vary", "Access-Control-Request-Headers");
        }

        headers.ContentLength = 0;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Same host and port. The scheme isn't compared: behind a proxy that ends TLS the server sees http.</summary>
    private static bool IsSame(string origin, HostString host)
    {
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) return false;
        if (!uri.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)) return false;
        return host.Port is { } port ? uri.Port == port : uri.IsDefaultPort;
    }
}
