using System.Net;
using System.Security.Cryptography;
using System.Text;
using CodeChill.Server.Auth;
using CodeChill.Server.Platform;

namespace CodeChill.Server.Operations;

/// <summary>
/// Who may read <c>/metrics</c>: whoever has the token, or without one only a process of this machine that asks directly. What comes
/// through a proxy comes from this machine too when the proxy runs here, so a request that was forwarded does not count as local.
/// </summary>
internal sealed class MetricsGuard(RequestDelegate next, TelemetryOptions options)
{
    private static readonly Error _forbidden = new("metrics.forbidden", 403, "Metrics are for this machine only, or for the bearer of METRICS_TOKEN");
    private static readonly Error _unauthorized = new("metrics.unauthorized", 401, "Metrics token required");

    private static readonly string[] _forwarded = ["X-Forwarded-For", "X-Original-For", "Forwarded", "X-Real-IP", "Via"];

    public Task InvokeAsync(HttpContext http)
    {
        if (!http.Request.Path.StartsWithSegments(Telemetry.MetricsPath))
            return next(http);
        if (options.MetricsToken is { } token)
        {
            if (http.BearerToken() is { Error: null, Value: { } given }
                && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(token))))
                return next(http);
            http.Response.Headers.WWWAuthenticate = "Bearer";
            return Replies.WriteAsync(http, _unauthorized);
        }

        return http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !_forwarded.Any(http.Request.Headers.ContainsKey)
            ? next(http)
            : Replies.WriteAsync(http, _forbidden);
    }
}
