using CodeChill.Server.Platform;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CodeChill.Server.Operations;

/// <summary>
/// Theory of operation. Slices count and time with <see cref="Instruments"/> or a meter of their own whose name starts with "CodeChill";
/// what is a level rather than an event is read by <see cref="Gauges"/> when somebody asks. OpenTelemetry collects both, with ASP.NET Core's,
/// Kestrel's and the runtime's own meters, and offers them in Prometheus's words at <c>/metrics</c>. Traces, and a push of the metrics, cost
/// something for every request: they are there only when a collector is named by OpenTelemetry's own environment names.
/// </summary>
internal static class Telemetry
{
    public const string MetricsPath = "/metrics";

    private const string Meters = Instruments.Name + "*";
    private static readonly double[] _runSeconds = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 8, 12, 20, 40];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var options = TelemetryOptions.Read(builder.Settings(), builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddHostedService<Gauges>();
        var telemetry = builder.Services.AddOpenTelemetry();
        telemetry.ConfigureResource(resource =>
        {
            if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_SERVICE_NAME"]))
                resource.AddService("codechill", serviceVersion: Health.Version, serviceInstanceId: System.Environment.MachineName);
        });
        telemetry.WithMetrics(metrics =>
        {
            metrics
                .AddMeter(Meters, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                .AddView("codechill.executions.duration", new ExplicitBucketHistogramConfiguration { Boundaries = _runSeconds })
                .AddView("codechill.executions.wait", new ExplicitBucketHistogramConfiguration { Boundaries = _runSeconds })
                .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
            if (options.Export)
                metrics.AddOtlpExporter();
        });
        if (!options.Export)
            return;
        // Grain calls become spans of who called them; Orleans pays for that at each call.
        builder.UseOrleans(silo => silo.AddActivityPropagation());
        telemetry.WithTracing(tracing => tracing
            .AddSource(Meters, "Microsoft.Orleans.Application")
            .AddAspNetCoreInstrumentation(requests => requests.Filter = http =>
                !http.Request.Path.StartsWithSegments("/health") && !http.Request.Path.StartsWithSegments(MetricsPath)
                // A socket's requests last as long as the socket; its events have spans of their own.
                && !http.Request.Path.StartsWithSegments("/socket.io") && !http.Request.Path.StartsWithSegments("/yjs"))
            .AddHttpClientInstrumentation()
            .AddOtlpExporter());
    }

    public static void MapTelemetry(this WebApplication app)
    {
        app.UseMiddleware<MetricsGuard>();
        app.MapPrometheusScrapingEndpoint(MetricsPath);
    }
}
