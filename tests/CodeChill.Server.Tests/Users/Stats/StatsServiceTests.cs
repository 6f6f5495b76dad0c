using System.Text.Json;
using CodeChill.Server.Platform;
using CodeChill.Server.Tests.Platform;
using CodeChill.Server.Users.Stats;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.Server.Tests.Users.Stats;

/// <summary>What becomes of the platforms' answers: kept, aged, told apart; and when they are asked again.</summary>
public sealed class StatsServiceTests
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Failing_platform_keeps_its_last_good_numbers_with_age_and_reason()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var github = new Script(() => """{"username":"octo","followers":1}""");
        var leetcode = new Script(() => """{"username":"leet"}""");
        await using var app = App(clock, github, leetcode);
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "octo", leetcode_username = "leet" }, ann.Access);
        var first = await RefreshAsync(app, ann.Access);
        (State(first, "github"), State(first, "leetcode"), State(first, "codeforces")).ShouldBe(("fresh", "fresh", "none"));
        var fetchedAt = Status(first, "github").GetProperty("fetched_at").GetString().ShouldNotBeNull();

        clock.Advance(StatsLimits.CacheAge);
        github.Answer = () => throw new StatsFailure("GitHub cannot be reached");
        leetcode.Answer = () => """{"username":"leet","ranking":2}""";
        var second = await RefreshAsync(app, ann.Access);
        State(second, "github").ShouldBe("stale");
        Status(second, "github").GetProperty("error").GetString().ShouldBe("GitHub cannot be reached");
        Status(second, "github").GetProperty("fetched_at").GetString().ShouldBe(fetchedAt);
        second.GetProperty("github_stats").GetProperty("followers").GetInt32().ShouldBe(1);
        State(second, "leetcode").ShouldBe("fresh");
        second.GetProperty("leetcode_stats").GetProperty("ranking").GetInt32().ShouldBe(2);

        // Back again: the reason is gone.
        clock.Advance(StatsLimits.CacheAge);
        github.Answer = () => """{"username":"octo","followers":5}""";
        var third = await RefreshAsync(app, ann.Access);
        State(third, "github").ShouldBe("fresh");
        Status(third, "github").GetProperty("error").ValueKind.ShouldBe(JsonValueKind.Null);
        third.GetProperty("github_stats").GetProperty("followers").GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Handle_nobody_has_is_an_answer_and_an_outage_is_not()
    {
        var github = new Script(() => null);
        var leetcode = new Script(() => throw new StatsFailure("LeetCode answered with an error (500)"));
        await using var app = App(null, github, leetcode);
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "no-such", leetcode_username = "leet" }, ann.Access);
        var user = await RefreshAsync(app, ann.Access);
        (State(user, "github"), State(user, "leetcode")).ShouldBe(("unknown_handle", "unavailable"));
        Status(user, "github").GetProperty("error").GetString().ShouldBe("GitHub knows nobody of this name");
        user.GetProperty("github_stats").ValueKind.ShouldBe(JsonValueKind.Null);

        // Only platforms that are down: nothing to show for.
        await app.PutAsync("/api/auth/profile", new { github_username = "" }, ann.Access);
        (await app.PostAsync("/api/auth/stats/refresh", token: ann.Access)).ShouldFail(503, "No platform answered");
        (await app.PostAsync("/api/users/stats/refresh", token: ann.Access)).ShouldFail(503, "No platform answered");
        // Everybody may see the numbers, and how old they are.
        var shown = (await app.GetAsync($"/api/users/{ann.Id}/profile", ann.Access)).Json.GetProperty("profile");
        State(shown, "leetcode").ShouldBe("unavailable");
        shown.GetProperty("leetcode_stats").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Changed_handle_is_fetched_in_the_background_and_the_request_does_not_wait()
    {
        var release = new TaskCompletionSource();
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = new TestApp(services: services => services.AddSingleton(new StatsSource(StatsPlatform.GitHub, async (handle, cancel) =>
        {
            asked.TrySetResult(handle);
            await release.Task.WaitAsync(cancel);
            return $$"""{"username":"{{handle}}"}""";
        })));
        var ann = await app.GuestAsync();
        var changed = await app.PutAsync("/api/users/profile", new { github_username = "octo" }, ann.Access);
        changed.Status.ShouldBe(200, changed.Text);
        State(changed.Json.GetProperty("profile"), "github").ShouldBe("never");
        (await asked.Task.WaitAsync(LongWait, TestContext.Current.CancellationToken)).ShouldBe("octo");
        // It is under way, and profiles are shown all the same.
        State((await app.GetAsync("/api/users/profile", ann.Access)).Json.GetProperty("profile"), "github").ShouldBe("never");
        release.SetResult();
        (await UntilAsync(app, ann.Access, user => State(user, "github") == "fresh")).GetProperty("github_stats").GetProperty("username").GetString().ShouldBe("octo");
    }

    [Fact]
    public async Task Answer_for_a_handle_that_was_changed_meanwhile_is_not_stored()
    {
        var first = new TaskCompletionSource();
        await using var app = new TestApp(services: services => services.AddSingleton(new StatsSource(StatsPlatform.GitHub, async (handle, cancel) =>
        {
            if (handle == "first")
                await first.Task.WaitAsync(cancel);
            return $$"""{"username":"{{handle}}"}""";
        })));
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "first" }, ann.Access);
        await app.PutAsync("/api/auth/profile", new { github_username = "second" }, ann.Access);
        await UntilAsync(app, ann.Access, user => State(user, "github") == "fresh");
        var late = RefreshAsync(app, ann.Access);
        first.SetResult();
        await late;
        (await OwnAsync(app, ann.Access)).GetProperty("github_stats").GetProperty("username").GetString().ShouldBe("second");
    }

    [Fact]
    public async Task Numbers_older_than_a_day_are_stale_and_fetched_again_by_themselves()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var github = new Script(() => """{"username":"octo"}""");
        await using var app = App(clock, github);
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "octo" }, ann.Access);
        await UntilAsync(app, ann.Access, user => State(user, "github") == "fresh");
        github.Calls.ShouldBe(1);
        var again = github.NextCallAsync();
        clock.Advance(TimeSpan.FromHours(23));
        again.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromHours(2));
        await again.WaitAsync(LongWait, TestContext.Current.CancellationToken);
        github.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Asking_again_and_again_costs_the_platform_one_look()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var github = new Script(() => """{"username":"octo"}""");
        await using var app = App(clock, github);
        var ann = await app.GuestAsync();
        var bob = await app.GuestAsync("Bob");
        await app.PutAsync("/api/auth/profile", new { github_username = "octo" }, ann.Access);
        await app.PutAsync("/api/auth/profile", new { github_username = "OCTO" }, bob.Access);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => RefreshAsync(app, i % 2 == 0 ? ann.Access : bob.Access)));
        github.Calls.ShouldBe(1);
        clock.Advance(StatsLimits.CacheAge);
        await RefreshAsync(app, ann.Access);
        github.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Platforms_are_listed_for_the_health_page_as_their_last_answers_were()
    {
        var github = new Script(() => """{"username":"octo"}""");
        var leetcode = new Script(() => throw new StatsFailure("LeetCode cannot be reached"));
        await using var app = App(null, github, leetcode);
        var ann = await app.GuestAsync();
        await app.PutAsync("/api/auth/profile", new { github_username = "octo", leetcode_username = "leet" }, ann.Access);
        await RefreshAsync(app, ann.Access);
        app.Services.GetServices<ExternalService>().ToDictionary(s => s.Name, s => (s.State.Status, s.State.Reason)).ShouldBe(
            new Dictionary<string, (string, string?)>
            {
                ["github"] = (ExternalState.Healthy, null),
                ["leetcode"] = (ExternalState.Degraded, "LeetCode cannot be reached"),
                ["codeforces"] = (ExternalState.Unused, null),
            },
            ignoreOrder: true);
        (await app.GetAsync("/health")).Status.ShouldBe(200);
    }

    private static TestApp App(FakeTimeProvider? clock, Script github, Script? leetcode = null)
        => new(clock: clock, services: services =>
        {
            services.AddSingleton(new StatsSource(StatsPlatform.GitHub, github.FetchAsync));
            if (leetcode is not null)
                services.AddSingleton(new StatsSource(StatsPlatform.LeetCode, leetcode.FetchAsync));
        });

    private static JsonElement Status(JsonElement user, string platform) => user.GetProperty("stats_status").GetProperty(platform);

    private static string? State(JsonElement user, string platform) => Status(user, platform).GetProperty("state").GetString();

    private static async Task<JsonElement> RefreshAsync(TestApp app, string token)
    {
        var answer = await app.PostAsync("/api/auth/stats/refresh", token: token);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json.GetProperty("user");
    }

    private static async Task<JsonElement> OwnAsync(TestApp app, string token) => (await app.GetAsync("/api/auth/profile", token)).Json.GetProperty("user");

    /// <summary>What happens in the background is seen where everybody sees it.</summary>
    private static async Task<JsonElement> UntilAsync(TestApp app, string token, Func<JsonElement, bool> holds)
    {
        using var limit = new CancellationTokenSource(LongWait);
        for (; ; )
        {
            var user = await OwnAsync(app, token);
            if (holds(user))
                return user;
            limit.IsCancellationRequested.ShouldBeFalse(user.GetRawText());
        }
    }

    private sealed class Script(Func<string?> answer)
    {
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _calls;

        public Func<string?> Answer { get; set; } = answer;

        public int Calls => _calls;

        public Task NextCallAsync() => (_next = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public Task<string?> FetchAsync(string handle, CancellationToken cancel)
        {
            Interlocked.Increment(ref _calls);
            _next.TrySetResult();
            return Task.FromResult(Answer());
        }
    }
}
