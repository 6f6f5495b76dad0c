using CodeChill.Server.Executions;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeChill.Server.Tests.Executions;

public sealed class LocalRunnerTests
{
    [Fact]
    public async Task A_run_that_comes_before_the_self_test_is_through_waits_for_it()
    {
        using var runner = new LocalRunner(new ExecutionOptions { Slots = 1, LiveSlots = 1, Sessions = 1 }, NullLogger<LocalRunner>.Instance);
        runner.Unavailable.ShouldBeNull();
        runner.Languages.ShouldContain(l => l.Name == "python" && l.Available);
        var early = runner.RunAsync(
            new RunJob("id", "room", "user", new ExecutionRequest("python", "print(6 * 7)", null)), null, _ => ValueTask.CompletedTask, TestContext.Current.CancellationToken);
        early.IsCompleted.ShouldBeFalse();

        await runner.StartAsync(TestContext.Current.CancellationToken);
        var outcome = await early;
        await runner.StopAsync(TestContext.Current.CancellationToken);

        if (outcome.Verdict == "sandbox_unavailable")
            outcome.ErrorOutput!.ShouldStartWith("Code execution is unavailable: ");
        else
            outcome.Output.ShouldBe("42\n");
    }
}
