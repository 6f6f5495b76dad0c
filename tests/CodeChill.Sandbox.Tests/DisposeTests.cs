namespace CodeChill.Sandbox.Tests;

public sealed class DisposeTests(SandboxFixture sandbox)
{
    [Fact]
    public async Task Disposing_the_runner_ends_its_runs_and_leaves_nothing()
    {
        sandbox.Ready("python");
        var runner = await SandboxRunner.CreateAsync(new() { FirstUid = HostUsers.Disposed, MaxParallelRuns = 2, Only = ["python"] });
        var stem = runner.ControlGroupStem!;
        var started = new TaskCompletionSource();
        var runs = Enumerable.Range(0, 2).Select(_ => runner.RunAsync(
            new() { Language = "python", Source = "import time; print('started'); time.sleep(60)" },
            _ =>
            {
                started.TrySetResult();
                return default;
            },
            TestContext.Current.CancellationToken)).ToArray();
        await started.Task;
        (await runner.BoxReadyAsync("python", new())).ShouldBe(runner.Report.Limits != LimitEnforcement.Rlimits);
        await runner.DisposeAsync();
        foreach (var result in await Task.WhenAll(runs)) result.Status.ShouldBe(RunStatus.Cancelled);
        await HostState.NothingIsLeftAsync(stem, HostUsers.Disposed, HostUsers.Each);
    }

    [Fact]
    public async Task Disposed_runner_refuses_further_runs()
    {
        var runner = await SandboxRunner.CreateAsync(new() { FirstUid = HostUsers.Disposed, MaxParallelRuns = 1, Only = [] });
        await runner.DisposeAsync();
        await runner.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(() => runner.RunAsync(new() { Language = "python", Source = "" }));
    }
}
