using System.Text.Json;
using CodeChill.Server.Users.Stats;

namespace CodeChill.Server.Tests.Users.Stats;

public sealed class LeetCodeStatsTests
{
    private const string Known =
        """
        {"data":{"matchedUser":{"username":"grace","profile":{"realName":"Grace H.","aboutMe":"","countryName":"United States","company":null,"school":"Yale","ranking":4321},
        "submitStats":{"acSubmissionNum":[{"difficulty":"All","count":90,"submissions":160},{"difficulty":"Easy","count":50,"submissions":80},{"difficulty":"Medium","count":38,"submissions":78},{"difficulty":"Hard","count":2,"submissions":2}],
        "totalSubmissionNum":[{"difficulty":"All","count":95,"submissions":400},{"difficulty":"Easy","count":51,"submissions":150},{"difficulty":"Medium","count":40,"submissions":240},{"difficulty":"Hard","count":4,"submissions":10}]}}}}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Numbers_come_in_the_contracts_shape_and_the_handle_goes_as_a_variable()
    {
        await using var leetcode = await FakePlatform.StartAsync();
        leetcode.Answer = http => FakePlatform.WriteAsync(http, 200, Known);
        var stats = JsonElement.Parse((await leetcode.Get<LeetCodeStats>().FetchAsync("grace", Cancel))!);
        stats.EnumerateObject().Select(p => p.Name).ShouldBe(
            ["username", "real_name", "about_me", "country", "company", "school", "ranking", "accepted_submissions", "total_submissions", "updated_at"]);
        stats.GetProperty("accepted_submissions").GetRawText().ShouldBe("""{"All":90,"Easy":50,"Medium":38,"Hard":2}""");
        stats.GetProperty("total_submissions").GetRawText().ShouldBe("""{"All":95,"Easy":51,"Medium":40,"Hard":4}""");
        stats.GetProperty("ranking").GetInt32().ShouldBe(4321);
        stats.GetProperty("about_me").ValueKind.ShouldBe(JsonValueKind.Null);
        var request = leetcode.Requests.ShouldHaveSingleItem();
        (request.Method, request.Path).ShouldBe(("POST", "/api/graphql"));
        request.Headers["Referer"].ShouldBe(leetcode.Url.AbsoluteUri);

        await leetcode.Get<LeetCodeStats>().FetchAsync("\"){me{email}}#", Cancel);
        var body = JsonElement.Parse(leetcode.Requests.Last().Body);
        body.GetProperty("query").GetString()!.ShouldNotContain("email");
        body.GetProperty("variables").GetProperty("username").GetString().ShouldBe("\"){me{email}}#");
    }

    [Theory]
    [InlineData("""{"errors":[{"message":"That user does not exist.","locations":[{"line":2,"column":3}],"path":["matchedUser"],"extensions":{"handled":true}}],"data":{"matchedUser":null}}""")]
    [InlineData("""{"data":{"matchedUser":null}}""")]
    public async Task Unknown_user_is_not_an_outage(string answer)
    {
        await using var leetcode = await FakePlatform.StartAsync();
        leetcode.Answer = http => FakePlatform.WriteAsync(http, 200, answer);
        (await leetcode.Get<LeetCodeStats>().FetchAsync("nobody", Cancel)).ShouldBeNull();
    }

    [Theory]
    [InlineData(200, "application/json", """{"errors":[{"message":"internal secret"}],"data":{"matchedUser":null}}""", "LeetCode could not answer")]
    [InlineData(200, "application/json", """{"errors":[{"message":"x"}]}""", "LeetCode sent something that is no answer")]
    [InlineData(200, "application/json", """{"data":{"matchedUser":{"username":"x"}}}""", "LeetCode sent something that is no answer")]
    [InlineData(200, "application/json", """{"data":{"matchedUser":"x"}}""", "LeetCode sent something that is no answer")]
    [InlineData(200, "application/json", """[1]""", "LeetCode sent something that is no answer")]
    [InlineData(200, "application/json", """{""", "LeetCode sent something that is no answer")]
    [InlineData(200, "text/html", "<html>Just a moment...</html>", "LeetCode cannot be used: its answer is not JSON")]
    [InlineData(403, "text/html", "<html>Cloudflare</html>", "LeetCode answered with an error (403)")]
    [InlineData(500, "text/html", "<html></html>", "LeetCode answered with an error (500)")]
    public async Task Broken_answer_is_a_failure_in_words(int status, string type, string answer, string message)
    {
        await using var leetcode = await FakePlatform.StartAsync();
        leetcode.Answer = http => FakePlatform.WriteAsync(http, status, answer, type);
        (await Should.ThrowAsync<StatsFailure>(leetcode.Get<LeetCodeStats>().FetchAsync("grace", Cancel))).Message.ShouldBe(message);
    }

    [Fact]
    public async Task Odd_fields_are_left_out()
    {
        await using var leetcode = await FakePlatform.StartAsync();
        leetcode.Answer = http => FakePlatform.WriteAsync(http, 200, """
            {"data":{"matchedUser":{"username":"grace","profile":{"realName":7,"aboutMe":"\ud800","countryName":["x"],"ranking":"first"},
            "submitStats":{"acSubmissionNum":[{"difficulty":"All","count":-5},{"difficulty":3,"count":1},7,null,{"difficulty":"Easy","count":1e400},{"difficulty":"Hard","count":2}],"totalSubmissionNum":{}}}}}
            """);
        var stats = JsonElement.Parse((await leetcode.Get<LeetCodeStats>().FetchAsync("grace", Cancel))!);
        stats.GetProperty("accepted_submissions").GetRawText().ShouldBe("""{"Hard":2}""");
        stats.GetProperty("total_submissions").GetRawText().ShouldBe("{}");
        foreach (var name in new[] { "real_name", "about_me", "country", "ranking" })
            stats.GetProperty(name).ValueKind.ShouldBe(JsonValueKind.Null, name);
    }
}
