using CodeChill.Server.Platform;

namespace CodeChill.Server.Users.Stats;

/// <summary>Wires the numbers beside profiles: one client a platform, the cache they share, the refresher.</summary>
internal static class StatsSetup
{
    public static void AddStats(this WebApplicationBuilder builder)
    {
        var options = StatsOptions.Read(builder.Settings());
        builder.Services.AddStats(options);
        builder.Services.AddHostedService(services => services.GetRequiredService<StatsRefresher>());
    }

    public static void AddStats(this IServiceCollection services, StatsOptions options)
    {
        services.AddPlatformClient(StatsPlatform.GitHub, GitHubStats.DisplayName, options.GitHubUrl, TimeSpan.Zero, options);
        services.AddPlatformClient(StatsPlatform.LeetCode, LeetCodeStats.DisplayName, options.LeetCodeUrl, TimeSpan.Zero, options);
        services.AddPlatformClient(StatsPlatform.Codeforces, CodeforcesStats.DisplayName, options.CodeforcesUrl, options.CodeforcesSpacing, options);
        services.AddHybridCache();
        services
            .AddSingleton(options)
            .AddSingleton<GitHubStats>()
            .AddSingleton<LeetCodeStats>()
            .AddSingleton<CodeforcesStats>()
            .AddSingleton(provider => new StatsSource(StatsPlatform.GitHub, provider.GetRequiredService<GitHubStats>().FetchAsync))
            .AddSingleton(provider => new StatsSource(StatsPlatform.LeetCode, provider.GetRequiredService<LeetCodeStats>().FetchAsync))
            .AddSingleton(provider => new StatsSource(StatsPlatform.Codeforces, provider.GetRequiredService<CodeforcesStats>().FetchAsync))
            .AddSingleton<StatsStore>()
            .AddSingleton<StatsService>()
            .AddSingleton<StatsRefresher>();
    }
}
