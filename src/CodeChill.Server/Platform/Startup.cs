using CodeChill.Server.Storage;

namespace CodeChill.Server.Platform;

/// <summary>
/// Theory of operation. <c>Program</c> is a table of contents: every slice adds its services (<c>builder.AddX()</c>, reading its options
/// through <see cref="SettingsReader"/>), then <see cref="PrepareAsync"/> either refuses the start with one line a problem or brings the
/// database to the current schema, and only then the host starts its silo and its listener. So nothing ever runs on a wrong setting or
/// an old schema, and the process's exit code says so.
/// </summary>
internal static class Startup
{
    public const int RefusedExitCode = 78; // EX_CONFIG of sysexits.h

    public static void AddPlatform(this WebApplicationBuilder builder)
    {
        var repository = Checkout.Find(builder.Environment);
        EnvironmentNames.Apply(builder, repository);
        var settings = new SettingsReader(builder.Configuration, builder.Environment, EnvironmentNames.NameByKey);
        var server = ServerOptions.Read(settings, repository);
        var database = DatabaseOptions.Read(settings);
        var cors = CorsOptions.Read(settings);
        var log = LogOptions.Read(settings);
        Logging.Add(builder, log);
        builder.AddHealth();
        builder.AddPipeline(server, cors, LimitOptions.Read(settings));
        builder.Services
            .AddSingleton(settings)
            .AddSingleton(server)
            .AddSingleton(database)
            .AddSingleton(cors)
            .AddSingleton(log)
            .AddSingleton(Judge0Options.Read(settings))
            .AddSingleton(RedisOptions.Read(settings))
            .AddSingleton(TimeProvider.System)
            .AddSingleton<Database>(services =>
                services.GetRequiredService<DatabaseOptions>().Open(services.GetRequiredService<ServerOptions>()));
        if (server.Url is { } url)
            builder.WebHost.UseUrls(url);
        if (server.EventLoops)
            builder.WebHost.UseSocketIOTransport();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = server.StopTimeout);
        builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
    }

    /// <summary>Where a slice's <c>AddX</c> reads its options.</summary>
    public static SettingsReader Settings(this WebApplicationBuilder builder)
        => (SettingsReader)builder.Services.Single(service => service.ServiceType == typeof(SettingsReader)).ImplementationInstance!;

    /// <summary>An options object that was read in <see cref="AddPlatform"/> or by an earlier slice.</summary>
    public static T Options<T>(this WebApplicationBuilder builder)
        where T : class
        => (T)builder.Services.Single(service => service.ServiceType == typeof(T)).ImplementationInstance!;

    /// <summary>Serves until the process is told to stop. The exit code; an address that cannot be had is said in one line.</summary>
    public static async Task<int> ServeAsync(this WebApplication app)
    {
        try
        {
            // Asked before anything runs: a start that fails half-way takes a silo and a sandbox down with it and says so at length.
            StartFailures.TryListen(app.Services.GetRequiredService<ServerOptions>().Url);
            await app.RunAsync();
            return 0;
        }
        catch (Exception failure) when (StartFailures.OfListening(failure) is { } why)
        {
            await Console.Error.WriteLineAsync($"CodeChill does not start:\n  {why}");
            return RefusedExitCode;
        }
    }

    /// <summary>False when the server must not start; why is on standard error.</summary>
    public static async Task<bool> PrepareAsync(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<SettingsReader>();
        if (settings.Problems.Count > 0)
        {
            await Console.Error.WriteLineAsync("CodeChill does not start:");
            foreach (var problem in settings.Problems)
                await Console.Error.WriteLineAsync("  " + problem);
            return false;
        }

        var where = app.Services.GetRequiredService<DatabaseOptions>().Describe(app.Services.GetRequiredService<ServerOptions>());
        try
        {
            await app.Services.GetRequiredService<Database>().MigrateAsync(app.Lifetime.ApplicationStopping);
        }
        catch (Exception failure)
        {
            var why = StartFailures.OfDatabase(failure);
            app.Logger.LogCritical("The database {Database} could not be opened or brought to the current schema: {Reason}", where, why);
            app.Logger.LogDebug(failure, "Where it failed");
            await Console.Error.WriteLineAsync($"CodeChill does not start:\n  database {where}: {why}");
            return false;
        }

        app.Logger.LogInformation("Database {Database} is at the current schema", where);
        return true;
    }
}
