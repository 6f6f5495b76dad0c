namespace CodeChill.Sandbox.Tests;

/// <summary>The same promises with control groups turned off: per-process limits and sampling.</summary>
public sealed class FallbackTests(FallbackFixture fixture) : IClassFixture<FallbackFixture>
{
    private readonly SandboxRunner _runner = fixture.Runner;

    private Task<RunResult> RunAsync(string source, RunLimits? limits = null) =>
        _runner.RunAsync(new() { Language = "python", Source = source, Limits = limits ?? SandboxFixture.Patient }, null, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Report_says_what_is_missing_and_how_to_get_it()
    {
        _runner.Report.Available.ShouldBeTrue();
        _runner.Report.Limits.ShouldBe(LimitEnforcement.Rlimits);
        _runner.Report.Problems.ShouldContain(p => !p.Fatal && p.Problem.Contains("control groups") && p.Fix.Contains("Delegate=yes"));
        (await RunAsync("print(1)")).Status.ShouldBe(RunStatus.Success);
    }

    [Fact]
    public async Task Memory_bomb_is_a_memory_limit()
    {
        var result = await RunAsync("a = []\nwhile True: a.append(bytearray(1 << 20))", SandboxFixture.Patient with { MemoryBytes = 64L << 20 });
        result.Status.ShouldBe(RunStatus.MemoryLimit, result.ToString());
    }

    [Fact]
    public async Task Memory_spread_over_processes_is_a_memory_limit()
    {
        var result = await RunAsync(
            "import os, time\nfor _ in range(4): os.fork()\na = b'x' * (30 << 20)\ntime.sleep(50)", SandboxFixture.Patient with { MemoryBytes = 128L << 20 });
        result.Status.ShouldBe(RunStatus.MemoryLimit, result.ToString());
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Cpu_limit_counts_all_processes()
    {
        var result = await RunAsync("import os\nfor _ in range(2): os.fork()\nwhile True: pass", new() { Cpu = TimeSpan.FromSeconds(1), Wall = TimeSpan.FromSeconds(60) });
        result.Status.ShouldBe(RunStatus.TimeLimit, result.ToString());
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task Fork_bomb_is_held()
    {
        var result = await RunAsync(
            "import os, time\nn = 1\ntry:\n  while n < 500:\n    if os.fork() == 0: time.sleep(30); os._exit(0)\n    n += 1\nexcept OSError: pass\nprint(n)", SandboxFixture.Patient with { Processes = 20 });
        int.Parse(result.Stdout).ShouldBeInRange(15, 20);
    }

    [Fact]
    public async Task Cpu_and_memory_are_sampled()
    {
        var result = await RunAsync("import time\na = b'x' * (40 << 20)\nt = time.process_time()\nwhile time.process_time() - t < 1: pass");
        result.Status.ShouldBe(RunStatus.Success);
        result.Cpu.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(200));
        result.PeakMemoryBytes.ShouldBeGreaterThan(40L << 20);
    }
}

/// <summary>A runner that may not use control groups.</summary>
public sealed class FallbackFixture(SandboxFixture sandbox) : IAsyncLifetime
{
    public SandboxRunner Runner { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        sandbox.Ready("python");
        Runner = await SandboxRunner.CreateAsync(new() { UseCgroups = false, FirstUid = HostUsers.Fallback, MaxParallelRuns = 2, Only = ["python"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (Runner is not null) await Runner.DisposeAsync();
    }
}
