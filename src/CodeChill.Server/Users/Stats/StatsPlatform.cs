namespace CodeChill.Server.Users.Stats;

internal enum StatsPlatform
{
    GitHub,
    LeetCode,
    Codeforces,
}

internal static class StatsPlatforms
{
    public static readonly IReadOnlyList<StatsPlatform> All = [StatsPlatform.GitHub, StatsPlatform.LeetCode, StatsPlatform.Codeforces];

    /// <summary>How columns, settings and the wire call it.</summary>
    public static string Key(this StatsPlatform platform) => platform switch
    {
        StatsPlatform.GitHub => "github",
        StatsPlatform.LeetCode => "leetcode",
        _ => "codeforces",
    };

    public static string? HandleOf(this User user, StatsPlatform platform) => platform switch
    {
        StatsPlatform.GitHub => user.GithubUsername,
        StatsPlatform.LeetCode => user.LeetcodeUsername,
        _ => user.CodeforcesUsername,
    };

    public static string? StatsOf(this User user, StatsPlatform platform) => platform switch
    {
        StatsPlatform.GitHub => user.GithubStats,
        StatsPlatform.LeetCode => user.LeetcodeStats,
        _ => user.CodeforcesStats,
    };
}
