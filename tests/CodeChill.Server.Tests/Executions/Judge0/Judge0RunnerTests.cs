using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CodeChill.Server.Executions;
using CodeChill.Server.Executions.Judge0;
using CodeChill.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace CodeChill.Server.Tests.Executions.Judge0;

/// <summary>The runner against a Judge0 over real HTTP: what it hands over, what it makes of the answers, and that no answer can hold a run up.</summary>
public sealed class Judge0RunnerTests
{
    [Fact]
    public async Task Program_is_handed_over_and_its_result_comes_back()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Result = FakeJudge0.Of(3, stdout: string.Concat(Enumerable.Repeat("grüße 👋 ", 50)), stderr: "warned\n");
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        var chunks = new List<RunChunk>();

        var outcome = await host.RunAsync("print('ünï')", "in\n", chunk => chunks.Add(chunk));

        (outcome.Status, outcome.Verdict, outcome.ExitCode, outcome.Seconds, outcome.Kilobytes).ShouldBe(("completed", "success", 0, 0.25, 3456L));
        outcome.Output.ShouldBe(string.Concat(Enumerable.Repeat("grüße 👋 ", 50)));
        outcome.ErrorOutput.ShouldBe("warned\n");
        outcome.CompileOutput.ShouldBeNull();
        chunks.Select(c => (c.Stream, c.Text, c.Seq)).ShouldBe([("stdout", outcome.Output!, 0), ("stderr", "warned\n", 1)]);
        var sent = judge0.Submissions.ShouldHaveSingleItem();
        sent["language_id"]!.GetValue<int>().ShouldBe(71);
        Decode(sent["source_code"]).ShouldBe("print('ünï')");
        Decode(sent["stdin"]).ShouldBe("in\n");
        sent["cpu_time_limit"]!.GetValue<double>().ShouldBe(5);
        sent.ContainsKey("callback_url").ShouldBeFalse();
        judge0.Headers["X-Auth-Token"].ShouldBe("secret-key");
        judge0.Headers["X-Auth-User"].ShouldBe("the-user");
        judge0.Headers.ContainsKey("X-RapidAPI-Key").ShouldBeFalse();
        host.Service.State.Status.ShouldBe(ExternalState.Healthy);
    }

    [Fact]
    public async Task Limits_of_the_job_are_asked_for()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        await host.RunAsync("1", null, limits: new RunJobLimits(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), 64_000));
        var sent = judge0.Submissions.ShouldHaveSingleItem();
        (sent["cpu_time_limit"]!.GetValue<double>(), sent["wall_time_limit"]!.GetValue<double>(), sent["memory_limit"]!.GetValue<int>()).ShouldBe((2, 3, 64_000));
        sent.ContainsKey("stdin").ShouldBeFalse();
    }

    public static TheoryData<int, string, string?, int?, int?, double, string, string, int?> Statuses => new()
    {
        // status, stdout, compile, exit code, signal, memory -> status, verdict, exit code
        { 3, "ok", null, 0, null, 100, "completed", "success", 0 },
        { 4, "ok", null, 0, null, 100, "completed", "success", 0 },
        { 5, "part", null, null, 9, 100, "failed", "time_limit", 137 },
        { 6, "", "main.c:1: error", null, null, 0, "failed", "compile_error", null },
        { 7, "", null, 139, 11, 100, "failed", "runtime_error", 139 },
        { 7, "", null, null, null, 100, "failed", "runtime_error", 139 },
        { 8, "x", null, null, 25, 100, "failed", "output_limit", 153 },
        { 9, "", null, 136, 8, 100, "failed", "runtime_error", 136 },
        { 10, "", null, 134, 6, 100, "failed", "runtime_error", 134 },
        { 11, "", null, 3, null, 100, "failed", "runtime_error", 3 },
        { 12, "", null, null, 9, 100, "failed", "runtime_error", 137 },
        { 12, "", null, null, 9, 255_990, "failed", "memory_limit", 137 },
        { 11, "", null, 1, null, 256_000, "failed", "memory_limit", 1 },
        { 13, "", null, null, null, 0, "failed", "internal_error", null },
        { 14, "", null, null, null, 0, "failed", "runtime_error", null },
    };

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Every_status_has_its_verdict(int status, string stdout, string? compile, int? exitCode, int? signal, double memory, string expected, string verdict, int? code)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Result = FakeJudge0.Of(status, stdout, null, compile, exitCode, signal, memory);
        judge0.Result["message"] = Convert.ToBase64String("No such file or directory @ rb_sysopen - /box/script.py"u8);
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        var outcome = await host.RunAsync("1");
        (outcome.Status, outcome.Verdict, outcome.ExitCode).ShouldBe((expected, verdict, code));
        outcome.Output.ShouldBe(stdout);
        outcome.CompileOutput.ShouldBe(compile);
        if (verdict is "time_limit" or "memory_limit" or "output_limit" or "internal_error")
            outcome.ErrorOutput.ShouldNotBeNullOrEmpty();
        // What Judge0 says of its own insides is not the room's business.
        outcome.ErrorOutput!.ShouldNotContain("rb_sysopen");
    }

    [Fact]
    public async Task Installation_that_allows_less_is_used_with_its_own_limits()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.MaxCpuSeconds = 2;
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).Verdict.ShouldBe("success");
        judge0.Submissions.Count.ShouldBe(2);
        judge0.Submissions.Last().ContainsKey("cpu_time_limit").ShouldBeFalse();
    }

    [Fact]
    public async Task Output_beyond_the_limit_is_cut_between_characters()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Result = FakeJudge0.Of(3, stdout: "x" + string.Concat(Enumerable.Repeat("é", 600_000)));
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        var outcome = await host.RunAsync("1");
        (outcome.Status, outcome.Verdict).ShouldBe(("failed", "output_limit"));
        Encoding.UTF8.GetByteCount(outcome.Output!).ShouldBe(Judge0Limits.OutputBytes - 1);
        outcome.Output!.EndsWith('é').ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"id":1}""", null)]
    [InlineData("not json", null)]
    [InlineData("[]", null)]
    [InlineData("""{"token":"../../etc/passwd"}""", "/submissions/")]
    [InlineData("""{"token":7}""", null)]
    [InlineData("""{"token":"\ud800"}""", null)]
    public async Task Submission_answered_with_nonsense_fails_at_once(string answer, string? neverAsked)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = http => On(http, "POST", () => FakeJudge0.AnswerAsync(http, 201, answer));
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 sent something that is no answer"));
        if (neverAsked is not null)
            judge0.Requests.ShouldNotContain(r => r.Contains("passwd", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"status\":{\"id\":99}}")]
    [InlineData("{\"status\":{\"id\":3},\"stdout\":\"%%%\"}")]
    [InlineData("{\"status\":{\"id\":3},\"stdout\":{\"a\":1}}")]
    [InlineData("{\"status\":{\"id\":3},\"memory\":\"lots\"}")]
    [InlineData("{\"status\":{\"id\":3},\"exit_code\":1e300}")]
    [InlineData("{\"status\":{\"id\":2.5}}")]
    [InlineData("{\"status\":null}")]
    [InlineData("null")]
    [InlineData("{\"status\":{\"id\":3},\"stdout\":\"\\ud800\"}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}")]
    [InlineData("<html>502</html>")]
    public async Task Result_that_is_none_fails_after_a_few_looks(string answer)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = http => On(http, "GET", () => FakeJudge0.AnswerAsync(http, 200, answer));
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 sent something that is no answer"));
        judge0.Requests.Count(r => r.StartsWith("GET /submissions/", StringComparison.Ordinal)).ShouldBe(Judge0Limits.BrokenAnswers);
    }

    [Fact]
    public async Task Odd_answer_between_good_ones_is_outlived()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.PendingLooks = 4;
        var looks = 0;
        judge0.Intercept = http => On(http, "GET", () => ++looks % 2 == 1 ? FakeJudge0.AnswerAsync(http, looks == 1 ? 404 : 200, "oops", "text/html") : null);
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).Output.ShouldBe("42\n");
    }

    [Fact]
    public async Task Token_that_is_not_known_ends_the_run()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = http => On(http, "POST", () => FakeJudge0.AnswerAsync(http, 201, """{"token":"never-heard-of"}"""));
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 lost the run"));
    }

    [Theory]
    [InlineData(429, "Judge0 takes no more runs from this server now")]
    [InlineData(503, "Judge0's queue is full")]
    [InlineData(500, "Judge0 answered with an error (500)")]
    public async Task Refusal_that_passes_is_outlived_and_one_that_does_not_is_said(int status, string message)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        var refusals = 2;
        judge0.Intercept = http => On(http, "POST", () => refusals-- > 0 ? FakeJudge0.AnswerAsync(http, status, """{"error":"<script>secret detail</script>"}""") : null);
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).Verdict.ShouldBe("success");

        refusals = int.MaxValue;
        var failed = await host.RunAsync("1");
        failed.ShouldBe(RunOutcome.Failed("internal_error", message));
        host.Service.State.Status.ShouldBe(ExternalState.Degraded);
    }

    [Fact]
    public async Task Retry_after_is_kept_and_one_beyond_the_deadline_is_told()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = http => On(http, "POST", () =>
        {
            http.Response.Headers.RetryAfter = "3600";
            return FakeJudge0.AnswerAsync(http, 429, """{"message":"You have exceeded the DAILY quota"}""");
        });
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 takes no more runs from this server now; try again in 3600 s"));
        judge0.Requests.Count(r => r.StartsWith("POST", StringComparison.Ordinal)).ShouldBe(1);

        judge0.Intercept = http => On(http, "POST", () =>
        {
            judge0.Intercept = null;
            http.Response.Headers.RetryAfter = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
            return FakeJudge0.AnswerAsync(http, 503, "{}");
        });
        (await host.RunAsync("1")).Verdict.ShouldBe("success");
    }

    [Theory]
    [InlineData(400, "Judge0 refused the program (400)")]
    [InlineData(422, "Judge0 refused the program (422)")]
    [InlineData(401, "Judge0 does not accept this server's key")]
    [InlineData(403, "Judge0 does not accept this server's key")]
    [InlineData(404, "Judge0 cannot be used: there is none at its address")]
    [InlineData(418, "Judge0 answered with 418")]
    public async Task Refusal_that_stays_is_said_without_its_words(int status, string message)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        judge0.Intercept = http => On(http, "POST", () => FakeJudge0.AnswerAsync(http, status, """{"error":"secret-key is wrong"}"""));
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", message));
    }

    [Fact]
    public async Task Redirect_is_not_followed()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        await using var inside = await FakeJudge0.StartAsync();
        judge0.Intercept = http => On(http, "POST", () =>
        {
            http.Response.Headers.Location = new Uri(inside.Url, "submissions").AbsoluteUri;
            return FakeJudge0.AnswerAsync(http, 307, "");
        });
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 cannot be used: it answered with a redirect"));
        inside.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Answer_that_is_too_large_is_not_read_to_its_end()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        long written = 0;
        judge0.Intercept = http => On(http, "GET", async () =>
        {
            http.Response.ContentType = "application/json";
            var block = Encoding.ASCII.GetBytes(new string(' ', 64 * 1024));
            try
            {
                // A gigabyte, were anybody to read it.
                for (var i = 0; i < 16 * 1024; i++)
                {
                    await http.Response.Body.WriteAsync(block, http.RequestAborted);
                    Interlocked.Add(ref written, block.Length);
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or IOException)
            {
                // The reader has gone, as it should.
            }
        });
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("output_limit", "Judge0's answer is larger than 4 MB"));
        // How soon the sender notices is the network's business; that nobody took the gigabyte is ours.
        written.ShouldBeLessThan(1024L * 1024 * 1024);
    }

    public static TheoryData<string> Endless => ["processing", "silence", "dripping", "down", "errors", "busy"];

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task Whatever_never_ends_is_ended_by_the_deadline(string how)
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        await using var host = await Judge0Host.StartAsync(judge0.Url, deadline: TimeSpan.FromSeconds(1.5));
        var end = new TaskCompletionSource();
        if (how == "processing")
            judge0.PendingLooks = int.MaxValue;
        else
            judge0.Intercept = http => On(http, "GET", () => how switch
            {
                "silence" => end.Task.WaitAsync(http.RequestAborted),
                "dripping" => DripAsync(http, end.Task),
                "down" => Task.Run(http.Abort),
                "errors" => FakeJudge0.AnswerAsync(http, 500, "{}"),
                _ => FakeJudge0.AnswerAsync(http, 429, "{}"),
            });
        var outcome = await host.RunAsync("1").WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        end.SetResult();
        outcome.Status.ShouldBe("failed");
        outcome.Verdict.ShouldBe("internal_error");
        outcome.ErrorOutput!.ShouldStartWith("Judge0 did not finish the run within 1.5 s: ");
    }

    [Fact]
    public async Task Service_that_is_not_there_fails_the_run_in_words_and_is_found_when_it_comes()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.Intercept = http =>
        {
            http.Abort();
            return Task.FromResult(true);
        };
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        (await host.RunAsync("1")).ShouldBe(RunOutcome.Failed("internal_error", "Judge0 cannot be reached"));
        host.Service.State.ShouldSatisfyAllConditions(s => s.Status.ShouldBe(ExternalState.Degraded), s => s.Reason.ShouldBe("Judge0 cannot be reached"));
        host.Runner.Languages.ShouldAllBe(l => l.Available);

        judge0.Intercept = null;
        (await host.RunAsync("1")).Verdict.ShouldBe("success");
    }

    [Fact]
    public async Task Stopping_a_run_ends_the_waiting()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        judge0.PendingLooks = int.MaxValue;
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        using var stop = new CancellationTokenSource();
        var run = host.RunAsync("1", cancel: stop.Token, executionId: "stopped");
        (await host.Runner.TokenOfAsync("stopped", TestContext.Current.CancellationToken)).ShouldNotBeNull();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(run);
    }

    [Fact]
    public async Task Token_is_told_while_the_run_goes_on_and_a_moment_after()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        var asked = host.Runner.TokenOfAsync("mine", TestContext.Current.CancellationToken);
        await host.RunAsync("1", executionId: "mine");
        var token = (await asked).ShouldNotBeNull();
        judge0.Requests.ShouldContain(r => r.StartsWith($"GET /submissions/{token}?", StringComparison.Ordinal));
        (await host.Runner.TokenOfAsync("mine", TestContext.Current.CancellationToken)).ShouldBe(token);

        judge0.Intercept = http => On(http, "POST", () => FakeJudge0.AnswerAsync(http, 400, "{}"));
        var none = host.Runner.TokenOfAsync("none", TestContext.Current.CancellationToken);
        await host.RunAsync("1", executionId: "none");
        (await none).ShouldBeNull();
    }

    [Fact]
    public async Task Many_runs_at_once_each_get_their_own_result()
    {
        await using var judge0 = await FakeJudge0.StartAsync();
        var sources = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        judge0.Intercept = async http =>
        {
            if (http.Request.Method == "POST")
            {
                var body = (JsonObject)(await JsonNode.ParseAsync(http.Request.Body))!;
                var token = Guid.NewGuid().ToString();
                sources[token] = Decode(body["source_code"]);
                await FakeJudge0.AnswerAsync(http, 201, $$"""{"token":"{{token}}"}""");
                return true;
            }

            if (http.Request.Path.Value!.Split('/') is not [_, "submissions", var asked])
                return false;
            await FakeJudge0.AnswerAsync(http, 200, FakeJudge0.Of(3, stdout: sources[asked]).ToJsonString());
            return true;
        };
        await using var host = await Judge0Host.StartAsync(judge0.Url);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => host.RunAsync($"program {i}", executionId: $"e{i}")));
        outcomes.Select(o => o.Output).ShouldBe(Enumerable.Range(0, 40).Select(i => $"program {i}"));
    }

    private static string Decode(JsonNode? base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64!.GetValue<string>()));

    /// <summary>Answers submissions' requests of one method; null lets the request through.</summary>
    private static async Task<bool> On(HttpContext http, string method, Func<Task?> answer)
    {
        if (http.Request.Method != method || !http.Request.Path.StartsWithSegments("/submissions") || answer() is not { } answered)
            return false;
        await answered;
        return true;
    }

    private static async Task DripAsync(HttpContext http, Task end)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync("{");
        await http.Response.Body.FlushAsync();
        await end.WaitAsync(http.RequestAborted);
    }
}
