using DotNetEnv;

namespace CodeChill.Server.Platform;

/// <summary>
/// The names under which operators of existing deployments know the settings, and the keys of <c>appsettings.json</c> they stand for.
/// Order of strength: command line and environment, then the <c>.env</c> file, then <c>appsettings.json</c>.
/// </summary>
internal static class EnvironmentNames
{
    /// <summary>Names a <c>.env</c> file other than the one found beside the program; "none" reads none.</summary>
    public const string EnvFile = "ENV_FILE";

    public static readonly IReadOnlyDictionary<string, string> KeyByName = new Dictionary<string, string>
    {
        ["SECRET_KEY"] = "Auth:SecretKey",
        ["AUTH0_DOMAIN"] = "Auth:Domain",
        ["AUTH0_AUDIENCE"] = "Auth:Audience",
        ["AUTH0_CLIENT_ID"] = "Auth:ClientId",
        ["AUTH0_CLIENT_SECRET"] = "Auth:ClientSecret",
        ["ALLOW_GUESTS"] = "Auth:AllowGuests",
        ["ALLOW_LOCAL_ACCOUNTS"] = "Auth:AllowLocalAccounts",
        ["MYSQL_HOST"] = "Database:Host",
        ["MYSQL_PORT"] = "Database:Port",
        ["MYSQL_USERNAME"] = "Database:Username",
        ["MYSQL_PASSWORD"] = "Database:Password",
        ["MYSQL_DATABASE"] = "Database:Name",
        ["JUDGE0_API_URL"] = "Judge0:ApiUrl",
        ["JUDGE0_API_KEY"] = "Judge0:ApiKey",
        ["JUDGE0_AUTH_USER"] = "Judge0:AuthUser",
        ["GITHUB_API_URL"] = "Stats:GitHubUrl",
        ["GITHUB_TOKEN"] = "Stats:GitHubToken",
        ["LEETCODE_API_URL"] = "Stats:LeetCodeUrl",
        ["CODEFORCES_API_URL"] = "Stats:CodeforcesUrl",
        ["REDIS_URL"] = "Redis:Url",
        ["CORS_ORIGINS"] = "Cors:Origins",
        ["HISTORY_DAYS"] = "History:Days",
        ["HISTORY_MB"] = "History:MegabytesPerRoom",
        ["LOG_LEVEL"] = "Log:Level",
        ["LOG_FILE"] = "Log:File",
        ["PORT"] = "Server:Port",
        ["LISTEN_ADDRESS"] = "Server:ListenAddress",
        ["CODECHILL_DATA"] = "Server:DataFolder",
        ["TRUSTED_PROXIES"] = "Server:TrustedProxies",
        ["METRICS_TOKEN"] = "Telemetry:MetricsToken",
        ["HOUSEKEEPING_MINUTES"] = "Housekeeping:EveryMinutes",
        ["ROOM_IDLE_DAYS"] = "Housekeeping:RoomIdleDays",
        ["ROOM_PURGE_DAYS"] = "Housekeeping:RoomPurgeDays",
        ["MEMBER_IDLE_DAYS"] = "Housekeeping:MemberIdleDays",
        ["GUEST_IDLE_DAYS"] = "Housekeeping:GuestIdleDays",
        ["ACCOUNT_PURGE_DAYS"] = "Housekeeping:AccountPurgeDays",
        ["EXECUTION_RETENTION_DAYS"] = "Housekeeping:ExecutionDays",
        ["CHAT_RETENTION_DAYS"] = "Housekeeping:ChatDays",
    };

    public static readonly IReadOnlyDictionary<string, string> NameByKey = KeyByName.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>Puts the environment's and the <c>.env</c> file's values under their keys, in front of what <c>appsettings.json</c> says.</summary>
    public static void Apply(WebApplicationBuilder builder, string? repository)
    {
        var file = ReadEnvFile(builder.Configuration[EnvFile], builder.Environment.ContentRootPath, repository);
        var values = new Dictionary<string, string?>();
        foreach (var (name, key) in KeyByName)
        {
            var value = builder.Configuration[name] is { Length: > 0 } real ? real : file.GetValueOrDefault(name);
            if (!string.IsNullOrWhiteSpace(value))
                values[key] = value;
        }

        builder.Configuration.AddInMemoryCollection(values);
        if (file.TryGetValue("ASPNETCORE_ENVIRONMENT", out var environment) && builder.Configuration["ENVIRONMENT"] is null)
            builder.Environment.EnvironmentName = environment;
    }

    private static Dictionary<string, string> ReadEnvFile(string? asked, string contentRoot, string? repository)
    {
        if (asked is "none")
            return [];
        string[] places = asked is { Length: > 0 }
            ? [asked]
            : [Path.Combine(Environment.CurrentDirectory, ".env"), Path.Combine(contentRoot, ".env"), Path.Combine(repository ?? contentRoot, ".env")];
        return places.FirstOrDefault(File.Exists) is { } path
            ? Env.LoadContents(File.ReadAllText(path), LoadOptions.NoEnvVars()).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Last().Value)
            : [];
    }
}
