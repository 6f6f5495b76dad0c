using CodeChill.Server.Platform;

namespace CodeChill.Server.Operations;

/// <summary>Who may read <c>/metrics</c>, and whether traces and metrics are sent to a collector.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>The bearer token that <c>/metrics</c> wants; without one only this machine may read it.</summary>
    public required string? MetricsToken { get; init; }

    /// <summary>
    /// True when one of OpenTelemetry's own names says where to send to (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or the one of a signal). The exporter
    /// reads those names itself, with everything else that begins with <c>OTEL_</c>.
    /// </summary>
    public required bool Export { get; init; }

    public static TelemetryOptions Read(SettingsReader settings, IConfiguration configuration)
    {
        const string key = "Telemetry:MetricsToken";
        var token = settings.Text(key, 512);
        if (token is { Length: < 16 })
            settings.Refuse(key, $"a token of {token.Length} characters", "at least 16 characters (openssl rand -base64 24)");
        string[] endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
        return new()
        {
            MetricsToken = token,
            Export = endpoints.Any(name => !string.IsNullOrWhiteSpace(configuration[name]))
                && !string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase),
        };
    }
}
