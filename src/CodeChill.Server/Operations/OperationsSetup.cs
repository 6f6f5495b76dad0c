using CodeChill.Server.Auth.Tokens;
using CodeChill.Server.Executions;
using CodeChill.Server.Platform;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodeChill.Server.Operations;

/// <summary>What an operator needs: health, telemetry, the description of the API, housekeeping. Nothing else in the server depends on this slice.</summary>
internal static class OperationsSetup
{
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        builder.AddTelemetry();
        builder.AddApiDescription();
        builder.Services
            .AddSingleton(HousekeepingOptions.Read(builder.Settings()))
            .AddSingleton<HousekeepingStore>()
            .AddSingleton<Export>()
            .AddSingleton(Caretakers.From)
            .AddSingleton(services => new RetentionTask(RetentionTask.Chat, services.GetRequiredService<HousekeepingStore>().PruneMessagesAsync))
            .AddSingleton(services => new RetentionTask(RetentionTask.Executions, services.GetRequiredService<HousekeepingStore>().PruneExecutionsAsync))
            .AddSingleton(services => new RetentionTask(RetentionTask.CaseRuns, services.GetRequiredService<HousekeepingStore>().PruneCaseRunsAsync))
            .AddSingleton<Housekeeping>()
            .AddHostedService(services => services.GetRequiredService<Housekeeping>());
        var checks = builder.Services.AddHealthChecks()
            .AddCheck<LogCheck>("log", tags: [Health.ReadyTag])
            .AddCheck<RunnerCheck>("runner");
        if (builder.Services.Any(service => service.ServiceType == typeof(ProviderKeys)))
            checks.AddCheck<IdentityCheck>("identity_provider");
        if (builder.Options<RedisOptions>().Url is not null)
            checks.AddCheck<RedisCheck>("redis");
    }

    public static void MapOperations(this WebApplication app)
    {
        app.MapTelemetry();
        app.MapApiDescription();
        app.MapExport();
    }
}
