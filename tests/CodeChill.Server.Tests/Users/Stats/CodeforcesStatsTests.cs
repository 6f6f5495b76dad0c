using System.Globalization;
using System.Text;
using System.Text.Json;
using CodeChill.Server.Users.Stats;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Users.Stats;

public sealed class CodeforcesStatsTests
{
    private const string User =
        """
        {"status":"OK","result":[{"lastName":"Korotkevich","country":"Belarus","lastOnlineTimeSeconds":1732440000,"city":"Gomel","rating":3979,"friendOfCount":90000,"titlePhoto":"https://userpic.codeforces.org/x.jpg",
        "handle":"tourist","avatar":"https://userpic.codeforces.org/y.jpg","firstName":"Gennady","contribution":141,"organization":"ITMO University","rank":"legendary grandmaster","maxRating":4009,
        "registrationTimeSeconds":1265987288,"maxRank":"tourist"}]}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Numbers_come_in_the_contracts_shape()
    {
        await using var codeforces = await FakePlatform.StartAsync();
        codeforces.Answer = http => AnswerAsync(http,
            """
            {"status":"OK","result":[
            {"id":5,"contestId":1,"verdict":"OK","problem":{"contestId":1,"index":"A","name":"Theatre Square","rating":1000,"tags":["math"]}},
            {"id":4,"contestId":1,"verdict":"OK","problem":{"contestId":1,"index":"A","name":"Theatre Square","rating":1000,"tags":["math"]}},
            {"id":3,"contestId":2,"verdict":"OK","problem":{"contestId":2,"index":"C","rating":3501}},
            {"id":2,"contestId":2,"verdict":"OK","problem":{"contestId":2,"index":"D"}},
            {"id":1,"contestId":2,"verdict":"WRONG_ANSWER","problem":{"contestId":2,"index":"E","rating":9000}},
            {"id":0,"contestId":2,"problem":{"contestId":2,"index":"E","rating":9000}}]}
            """);
        var stats = JsonElement.Parse((await codeforces.Get<CodeforcesStats>().FetchAsync("tourist", Cancel))!);
        stats.EnumerateObject().Select(p => p.Name).Except(["solved_problems", "rating_history"]).ShouldBe(
            ["username", "first_name", "last_name", "country", "city", "organization", "rating", "max_rating", "rank", "max_rank", "contribution", "registration_time", "last_online_time",
            "accepted_count", "total_submissions", "max_problem_rating", "avg_problem_rating", "updated_at"]);
        (stats.GetProperty("accepted_count").GetInt32(), stats.GetProperty("total_submissions").GetInt32(), stats.GetProperty("solved_problems").GetInt32()).ShouldBe((4, 6, 3));
        (stats.GetProperty("max_problem_rating").GetInt32(), stats.GetProperty("avg_problem_rating").GetDouble()).ShouldBe((3501, 2250.5));
        stats.GetProperty("registration_time").GetString().ShouldBe("2010-02-12T15:08:08.000Z");
        stats.GetProperty("rating_history").GetRawText().ShouldBe("""[{"rating":1602,"at":"2010-05-01T12:00:00.000Z","contest":"Codeforces Beta Round 7"}]""");
        codeforces.Requests.Select(r => r.Path).ShouldBe(
            ["/api/user.info?handles=tourist&checkHistoricHandles=false", "/api/user.status?handle=tourist&from=1&count=5000", "/api/user.rating?handle=tourist"]);
    }

    [Fact]
    public async Task Every_page_of_submissions_is_counted_and_somebody_without_any_has_no_ratings()
    {
        await using var codeforces = await FakePlatform.StartAsync();
        codeforces.Answer = http => AnswerAsync(http, http.Request.Query["from"] == "1"
            ? """{"status":"OK","result":[""" + string.Join(',', Enumerable.Repeat("""{"verdict":"OK","problem":{"contestId":1,"index":"A","rating":800}}""", 5000)) + "]}"
            : """{"status":"OK","result":[{"verdict":"OK","problem":{"contestId":1,"index":"B","rating":900}}]}""");
        var stats = JsonElement.Parse((await codeforces.Get<CodeforcesStats>().FetchAsync("tourist", Cancel))!);
        (stats.GetProperty("total_submissions").GetInt32(), stats.GetProperty("avg_problem_rating").GetDouble()).ShouldBe((5001, 850));

        codeforces.Answer = http => http.Request.Path.Value!.EndsWith("user.rating", StringComparison.Ordinal)
            ? FakePlatform.WriteAsync(http, 400, """{"status":"FAILED","comment":"whatever"}""")
            : AnswerAsync(http, """{"status":"OK","result":[]}""");
        stats = JsonElement.Parse((await codeforces.Get<CodeforcesStats>().FetchAsync("tourist", Cancel))!);
        stats.GetProperty("max_problem_rating").ValueKind.ShouldBe(JsonValueKind.Null);
        stats.GetProperty("avg_problem_rating").ValueKind.ShouldBe(JsonValueKind.Null);
        stats.GetProperty("rating_history").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Unknown_user_is_not_an_outage()
    {
        await using var codeforces = await FakePlatform.StartAsync();
        codeforces.Answer = http => FakePlatform.WriteAsync(http, 400, """{"status":"FAILED","comment":"handles: User with handle nobody not found"}""");
        (await codeforces.Get<CodeforcesStats>().FetchAsync("nobody", Cancel)).ShouldBeNull();
        codeforces.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Call_limit_is_a_pause()
    {
        await using var codeforces = await FakePlatform.StartAsync();
        codeforces.Answer = http => FakePlatform.WriteAsync(http, 503, """{"status":"FAILED","comment":"Call limit exceeded"}""");
        (await FailsAsync(codeforces)).RetryAt.ShouldNotBeNull();
        var asked = codeforces.Requests.Count;
        (await FailsAsync(codeforces)).Message.ShouldStartWith("Codeforces allows no more requests until ");
        codeforces.Requests.Count.ShouldBe(asked);
    }

    [Theory]
    [InlineData(400, "application/json", """{"status":"FAILED","comment":"handle: Field should not be empty, secret"}""", "Codeforces answered with an error (400)")]
    [InlineData(200, "application/json", """{"status":"FAILED","comment":"odd"}""", "Codeforces sent something that is no answer")]
    [InlineData(200, "application/json", """{"status":"OK","result":{}}""", "Codeforces sent something that is no answer")]
    [InlineData(200, "application/json", """{"status":"OK","result":[]}""", "Codeforces sent something that is no answer")]
    [InlineData(200, "application/json", """{"status":"OK","result":[{"handle":7}]}""", "Codeforces sent something that is no answer")]
    [InlineData(200, "application/json", "[]", "Codeforces sent something that is no answer")]
    [InlineData(200, "application/json", "nonsense", "Codeforces sent something that is no answer")]
    [InlineData(200, "text/html", "<html>", "Codeforces cannot be used: its answer is not JSON")]
    [InlineData(502, "text/html", "<html>", "Codeforces answered with an error (502)")]
    public async Task Broken_answer_is_a_failure_in_words(int status, string type, string answer, string message)
    {
        await using var codeforces = await FakePlatform.StartAsync();
        codeforces.Answer = http => FakePlatform.WriteAsync(http, status, answer, type);
        (await FailsAsync(codeforces)).Message.ShouldBe(message);
    }

    [Fact]
    public async Task Quota_keeps_a_distance_between_requests_and_refuses_a_line_that_is_too_long()
    {
        var clock = new FakeTimeProvider();
        var quota = new PlatformQuota("Codeforces", TimeSpan.FromSeconds(2), clock);
        await quota.WaitTurnAsync(Cancel);
        var second = quota.WaitTurnAsync(Cancel);
        var third = quota.WaitTurnAsync(Cancel);
        clock.Advance(TimeSpan.FromSeconds(1.9));
        second.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.1));
        await second;
        third.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(2));
        await third;
        // The turns that are left within the longest line; nobody waits for them here.
        var line = Enumerable.Range(0, 15).Select(_ => quota.WaitTurnAsync(Cancel)).ToList();
        line.ShouldAllBe(t => !t.IsFaulted);
        (await Should.ThrowAsync<StatsFailure>(quota.WaitTurnAsync(Cancel))).Message.ShouldBe("Codeforces is asked too often at the moment");
        clock.Advance(TimeSpan.FromSeconds(60));
        await Task.WhenAll(line);
    }

    private static async Task<StatsFailure> FailsAsync(FakePlatform codeforces)
        => await Should.ThrowAsync<StatsFailure>(codeforces.Get<CodeforcesStats>().FetchAsync("tourist", Cancel));

    private static Task AnswerAsync(HttpContext http, string status)
        => FakePlatform.WriteAsync(http, 200, http.Request.Path.Value!.Split('/')[^1] switch
        {
            "user.info" => User,
            "user.status" => status,
            _ => """{"status":"OK","result":[{"contestId":2,"contestName":"Codeforces Beta Round 7","handle":"tourist","rank":14,"ratingUpdateTimeSeconds":1272715200,"oldRating":0,"newRating":1602}]}""",
        });
}
