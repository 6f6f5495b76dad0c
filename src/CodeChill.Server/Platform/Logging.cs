using System.Globalization;
using System.Text.RegularExpressions;
using CodeChill.Server.Auth;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace CodeChill.Server.Platform;

/// <summary>
/// Structured logs: one JSON object a line in production, text in development, and the same in a file when one is named. Requests are
/// logged by path only, because queries and headers carry tokens; <see cref="Redaction"/> is the second lock on that door.
/// </summary>
internal static partial class Logging
{
    private const string Text = "{Timestamp:HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";
    private const long FileBytes = 64 * 1024 * 1024;
    private const int FilesKept = 14;

    public static void Add(WebApplicationBuilder builder, LogOptions options)
    {
        builder.Logging.ClearProviders();
        builder.Services.AddSerilog(
            (services, log) =>
            {
                // Frameworks at Information tell every step of every request.
                var frameworks = options.Level < LogEventLevel.Information ? LogEventLevel.Information : Max(options.Level, LogEventLevel.Warning);
                log.MinimumLevel.Is(options.Level)
                    .MinimumLevel.Override("Microsoft", frameworks)
                    .MinimumLevel.Override("System", frameworks)
                    .MinimumLevel.Override("Orleans", frameworks)
                    // Warns at every start that it would like the server's garbage collector; one room server of two cores would not.
                    .MinimumLevel.Override("Orleans.Runtime.Silo", LogEventLevel.Error)
                    .MinimumLevel.Override("Polly", Max(options.Level, LogEventLevel.Warning))
                    // These two print whole URLs, whose queries may carry a token.
                    .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", Max(options.Level, LogEventLevel.Warning))
                    .MinimumLevel.Override("System.Net.Http.HttpClient", Max(options.Level, LogEventLevel.Warning))
                    // Tells the outcome of every check at every probe; what changed is logged by HealthReports.
                    .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
                    .MinimumLevel.Override("Microsoft.Hosting.Lifetime", Max(options.Level, LogEventLevel.Information))
                    .Enrich.FromLogContext()
                    .Enrich.With(new Correlation(services))
                    .Enrich.With<Redaction>();
                if (options.Json)
                    log.WriteTo.Console(new RenderedCompactJsonFormatter());
                else
                    log.WriteTo.Console(outputTemplate: Text, formatProvider: CultureInfo.InvariantCulture);
                if (options.File is { } file)
                    log.WriteTo.File(
                        new RenderedCompactJsonFormatter(),
                        file,
                        fileSizeLimitBytes: FileBytes,
                        rollOnFileSizeLimit: true,
                        rollingInterval: RollingInterval.Day,
                        retainedFileCountLimit: FilesKept);
            },
            preserveStaticLogger: true);
    }

    public static void Use(WebApplication app)
        => app.UseSerilogRequestLogging(requests =>
        {
            // Without it the lines go to Serilog's static logger, which is nobody's here.
            requests.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
            requests.IncludeQueryInRequestPath = false;
            requests.GetLevel = (http, _, failure) => failure is not null || http.Response.StatusCode >= 500
                ? LogEventLevel.Error
                : http.Request.Path.StartsWithSegments("/api") ? LogEventLevel.Information : LogEventLevel.Debug;
            requests.EnrichDiagnosticContext = (diagnostics, http) =>
            {
                diagnostics.Set("RequestId", http.TraceIdentifier);
                if (http.CallerOrNull() is { } caller)
                    diagnostics.Set("UserId", caller.UserId);
                if (Ids.Canonical(http.GetRouteValue("id") as string) is { } id)
                    diagnostics.Set(IdNameOf(http.Request.Path), id);
            };
        });

    private static string IdNameOf(PathString path)
        => path.StartsWithSegments("/api/rooms") || path.StartsWithSegments("/api/chat/room") || path.StartsWithSegments("/api/execution/room") ? "RoomId"
            : path.StartsWithSegments("/api/execution") ? "ExecutionId" : "ObjectId";

    private static LogEventLevel Max(LogEventLevel one, LogEventLevel other) => one > other ? one : other;

    /// <summary>Replaces what looks like a token in any logged value.</summary>
    internal sealed partial class Redaction : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            foreach (var (name, value) in logEvent.Properties)
            {
                if (value is ScalarValue { Value: string text } && MayHoldSecret(text))
                    logEvent.AddOrUpdateProperty(new LogEventProperty(name, new ScalarValue(Secret().Replace(text, "$1***"))));
            }
        }

        private static bool MayHoldSecret(string text)
            => text.Contains("eyJ", StringComparison.Ordinal) || text.Contains("oken=", StringComparison.OrdinalIgnoreCase)
                || text.Contains("earer ", StringComparison.OrdinalIgnoreCase) || text.Contains("assword=", StringComparison.OrdinalIgnoreCase);

        [GeneratedRegex(@"((?:token|password)=|bearer )[^\s&""',;]+|eyJ[A-Za-z0-9_.\-]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
        private static partial Regex Secret();
    }
}
