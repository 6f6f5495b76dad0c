using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeChill.Server.Users.Stats;
using Microsoft.AspNetCore.Http;

namespace CodeChill.Server.Tests.Users.Stats;

public sealed class GitHubStatsTests
{
    private const string User =
        """
        {"login":"octocat","id":583231,"node_id":"MDQ6VXNlcjU4MzIzMQ==","avatar_url":"https://avatars.githubusercontent.com/u/583231?v=4","url":"https://api.github.com/users/octocat",
        "html_url":"https://github.com/octocat","type":"User","site_admin":false,"name":"The\u0000 Octocat","company":"@github","blog":"https://github.blog","location":"San Francisco",
        "email":null,"hireable":null,"bio":"line one\nline two \u202e <b>bold</b>","twitter_username":null,"public_repos":250,"public_gists":8,"followers":17000,"following":9,
        "created_at":"2011-01-25T18:44:36Z","updated_at":"2025-03-22T11:28:45Z"}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_pages_of_repositories_are_counted()
    {
        await using var github = await FakePlatform.StartAsync(token: "ghp_secret");
        github.Answer = http => AnswerAsync(http, repositories: 250);
        var stats = JsonElement.Parse((await github.Get<GitHubStats>().FetchAsync("octocat", Cancel))!);
        stats.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["username", "name", "bio", "location", "company", "blog", "public_repos", "followers", "following", "total_stars", "total_forks", "languages", "created_at", "updated_at"]);
        stats.GetProperty("total_stars").GetInt64().ShouldBe(Enumerable.Range(0, 250).Sum());
        stats.GetProperty("total_forks").GetInt64().ShouldBe(500);
        stats.GetProperty("languages").GetRawText().ShouldBe("""{"C#":84,"Python":83}""");
        stats.GetProperty("created_at").GetString().ShouldBe("2011-01-25T18:44:36.000Z");
        stats.GetProperty("name").GetString().ShouldBe("The  Octocat");
        stats.GetProperty("bio").GetString()!.ShouldStartWith("line one line two");
        stats.GetProperty("bio").GetString()!.ShouldNotContain("\u202e");
        stats.GetProperty("followers").GetInt32().ShouldBe(17000);
        github.Requests.Select(r => r.Path).ShouldBe(
            ["/api/users/octocat", .. Enumerable.Range(1, 3).Select(page => $"/api/users/octocat/repos?per_page=100&page={page}")]);
        github.Requests.ShouldAllBe(r => r.Headers["Authorization"].EndsWith("ghp_secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a/../b")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a?x=1")]
    [InlineData("a%2fb")]
    public async Task What_cannot_be_a_name_is_not_asked_for(string handle)
    {
        await using var github = await FakePlatform.StartAsync();
        (await github.Get<GitHubStats>().FetchAsync(handle, Cancel)).ShouldBeNull();
        github.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Unknown_user_is_not_an_outage()
    {
        await using var github = await FakePlatform.StartAsync();
        github.Answer = http => FakePlatform.WriteAsync(http, 404, """{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}""");
        (await github.Get<GitHubStats>().FetchAsync("nobody", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Used_up_rate_limit_is_kept_until_its_reset()
    {
        await using var github = await FakePlatform.StartAsync();
        var reset = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1800);
        github.Answer = http =>
        {
            http.Response.Headers["X-RateLimit-Limit"] = "60";
            http.Response.Headers["X-RateLimit-Remaining"] = "0";
            http.Response.Headers["X-RateLimit-Reset"] = reset.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            return FakePlatform.WriteAsync(http, 403, """{"message":"API rate limit exceeded for 127.0.0.1. (But here's the good news: …)"}""");
        };
        var failure = await FailsAsync(github);
        failure.Message.ShouldBe($"GitHub allows no more requests until {reset.UtcDateTime:yyyy-MM-dd HH:mm} UTC");
        failure.RetryAt!.Value.ShouldBe(reset, TimeSpan.FromSeconds(2));
        // It is not asked again before.
        (await FailsAsync(github)).Message.ShouldBe(failure.Message);
        github.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Last_request_of_the_quota_counts_and_the_next_is_not_made()
    {
        await using var github = await FakePlatform.StartAsync();
        github.Answer = http =>
        {
            http.Response.Headers["X-RateLimit-Remaining"] = "0";
            http.Response.Headers["X-RateLimit-Reset"] = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 600).ToString(CultureInfo.InvariantCulture);
            return AnswerAsync(http, repositories: 3);
        };
        (await FailsAsync(github)).RetryAt.ShouldNotBeNull();
        github.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(429, "120")]
    [InlineData(403, "120")]
    [InlineData(503, "120")]
    public async Task Retry_after_is_kept(int status, string wait)
    {
        await using var github = await FakePlatform.StartAsync();
        github.Answer = http =>
        {
            http.Response.Headers.RetryAfter = wait;
            return FakePlatform.WriteAsync(http, status, """{"message":"You have exceeded a secondary rate limit"}""");
        };
        (await FailsAsync(github)).RetryAt!.Value.ShouldBe(TimeProvider.System.GetUtcNow().AddSeconds(120), TimeSpan.FromSeconds(30));
        (await FailsAsync(github)).RetryAt.ShouldNotBeNull();
        github.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Passing_errors_are_repeated()
    {
        await using var github = await FakePlatform.StartAsync();
        var failures = 2;
        github.Answer = http => failures-- > 0 ? failures == 1 ? FakePlatform.WriteAsync(http, 502, "<html>", "text/html") : Task.Run(http.Abort) : AnswerAsync(http, repositories: 1);
        (await github.Get<GitHubStats>().FetchAsync("octocat", Cancel)).ShouldNotBeNull();
        github.Requests.Count.ShouldBe(4);
    }

    public static TheoryData<string, string> Broken => new()
    {
        { "error", "GitHub answered with an error (500)" },
        { "token", "GitHub does not accept this server's token" },
        { "html", "GitHub cannot be used: its answer is not JSON" },
        { "redirect", "GitHub cannot be used: it answered with a redirect" },
        { "large", "GitHub cannot be used: its answer is larger than 8192 KB" },
        { "abort", "GitHub cannot be reached" },
        { "garbage", "GitHub sent something that is no answer" },
        { "empty", "GitHub sent something that is no answer" },
        { "null", "GitHub sent something that is no answer" },
        { "types", "GitHub sent something that is no answer" },
        { "list", "GitHub sent something that is no answer" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Broken_answer_is_a_failure_in_words(string how, string message)
    {
        await using var github = await FakePlatform.StartAsync();
        github.Answer = http => how switch
        {
            "error" => FakePlatform.WriteAsync(http, 500, """{"message":"secret stack trace"}"""),
            "token" => FakePlatform.WriteAsync(http, 401, """{"message":"Bad credentials"}"""),
            "html" => FakePlatform.WriteAsync(http, 200, "<html>", "text/html"),
            "redirect" => RedirectAsync(http),
            "large" => FakePlatform.WriteAsync(http, 200, new string(' ', 9 * 1024 * 1024) + User),
            "abort" => Task.Run(http.Abort),
            "garbage" => FakePlatform.WriteAsync(http, 200, "{\"login\":"),
            "empty" => FakePlatform.WriteAsync(http, 200, "{}"),
            "null" => FakePlatform.WriteAsync(http, 200, "null"),
            "types" => FakePlatform.WriteAsync(http, 200, """{"login":"x","followers":"many","created_at":"yesterday"}"""),
            _ => FakePlatform.WriteAsync(http, 200, "[[]]"),
        };
        (await FailsAsync(github)).Message.ShouldBe(message);
        static Task RedirectAsync(HttpContext http)
        {
            http.Response.Headers.Location = "http://169.254.169.254/latest/meta-data";
            return FakePlatform.WriteAsync(http, 301, "");
        }
    }

    private static async Task<StatsFailure> FailsAsync(FakePlatform github)
        => await Should.ThrowAsync<StatsFailure>(github.Get<GitHubStats>().FetchAsync("octocat", Cancel));

    private static Task AnswerAsync(HttpContext http, int repositories)
    {
        if (http.Request.Path == "/api/users/octocat")
            return FakePlatform.WriteAsync(http, 200, User);
        http.Request.Path.Value.ShouldBe("/api/users/octocat/repos");
        var page = int.Parse(http.Request.Query["page"].ToString(), CultureInfo.InvariantCulture);
        var from = (page - 1) * 100;
        // As GitHub does; nobody follows it blindly.
        http.Response.Headers.Link = $"<https://api.github.com/user/583231/repos?page={page + 1}>; rel=\"next\"";
        var list = new StringBuilder("[");
        for (var i = from; i < Math.Min(from + 100, repositories); i++)
        {
            var language = (i % 3) switch { 0 => "\"C#\"", 1 => "\"Python\"", _ => "null" };
            list.Append(i == from ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""
                {"id":{{i}},"name":"r{{i}}","full_name":"octocat/r{{i}}","private":false,"fork":false,"stargazers_count":{{i}},"forks_count":2,"language":{{language}},
                "owner":{"login":"octocat","id":1,"type":"User"},"created_at":"2011-01-26T19:01:12Z","updated_at":"2011-01-26T19:14:43Z","pushed_at":null,"license":null,"permissions":null}
                """);
        }

        return FakePlatform.WriteAsync(http, 200, list.Append(']').ToString());
    }
}
