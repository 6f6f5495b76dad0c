namespace CodeChill.Sandbox.Tests;

/// <summary>Compilers that wait: as truthful as one that is started for the program, and never shared between owners.</summary>
public sealed class WarmCompilerTests(SandboxFixture sandbox, WarmFixture fixture) : IClassFixture<WarmFixture>
{
    private static Task<SandboxRunner> CreateAsync(string language, long warmBytes = 2L << 30) =>
        SandboxRunner.CreateAsync(new() { FirstUid = HostUsers.Warm, MaxParallelRuns = 1, CompileCacheBytes = 0, WarmMemoryBytes = warmBytes, Only = [language] }, TestContext.Current.CancellationToken);

    private static Task<RunResult> RunAsync(SandboxRunner runner, string language, string source, string? owner = null) =>
        runner.RunAsync(new() { Language = language, Source = source, Owner = owner, Limits = SandboxFixture.Patient }, null, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("java", "public class Main { int x = \"s\"; }", "incompatible types")]
    [InlineData("csharp", "int x = \"s\";", "CS0029")]
    [InlineData("kotlin", "fun main() { undeclared() }", "unresolved reference 'undeclared'")]
    public async Task Waiting_compiler_compiles_and_refuses_like_any_other(string language, string wrong, string says)
    {
        sandbox.Ready(language);
        // One of its own: a compiler that belongs to an owner keeps its place for a minute, and there are few places.
        await using var runner = await CreateAsync(language);
        (await runner.PreparedAsync(language)).ShouldBeTrue();
        var good = await RunAsync(runner, language, runner.Languages.Single(l => l.Name == language).Template, "room");
        good.Status.ShouldBe(RunStatus.Success, good.ToString());
        good.Stdout.ShouldBe("Hello, world!\n");
        good.CompileOutput.ShouldBe("");
        good.CompileWarm.ShouldBeTrue();
        good.CompileCpu.ShouldBeGreaterThan(TimeSpan.Zero);

        var bad = await RunAsync(runner, language, wrong, "room");
        bad.CompileWarm.ShouldBeTrue();
        bad.Status.ShouldBe(RunStatus.CompileError, bad.ToString());
        bad.CompileOutput.ShouldContain(says);
        bad.ExitCode.ShouldNotBeNull().ShouldNotBe(0);

        // What the refused program left does not come back with the next one.
        var again = await RunAsync(runner, language, runner.Languages.Single(l => l.Name == language).Template, "room");
        again.Status.ShouldBe(RunStatus.Success, again.ToString());
        again.CompileOutput.ShouldBe("");
    }

    /// <summary>Room for one: whoever gets it first keeps it, and the other's program is compiled by a compiler of its own.</summary>
    [Fact]
    public async Task Waiting_compiler_that_has_served_an_owner_serves_nobody_else()
    {
        sandbox.Ready("java");
        await using var runner = await CreateAsync("java", Languages.Java.Definition.Warm!.TypicalBytes);
        (await runner.PreparedAsync("java")).ShouldBeTrue();
        var template = Languages.Java.Definition.Template;
        (await RunAsync(runner, "java", template, "ada")).CompileWarm.ShouldBeTrue();
        (await RunAsync(runner, "java", template, "eve")).CompileWarm.ShouldBeFalse();
        (await RunAsync(runner, "java", template)).CompileWarm.ShouldBeFalse();
        (await RunAsync(runner, "java", template, "ada")).CompileWarm.ShouldBeTrue();
    }

    [Fact]
    public async Task Program_without_an_owner_uses_a_waiting_compiler_up()
    {
        sandbox.Ready("java");
        var runner = fixture.Runner;
        (await runner.PreparedAsync("java")).ShouldBeTrue();
        var first = runner.WaitingProcesses("java");
        (await RunAsync(runner, "java", Languages.Java.Definition.Template)).CompileWarm.ShouldBeTrue();
        (await runner.PreparedAsync("java")).ShouldBeTrue();
        // One of them is gone, and a new one waits.
        runner.WaitingProcesses("java").Except(first).ShouldHaveSingleItem();
        first.Except(runner.WaitingProcesses("java")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Compiler_that_is_broken_by_a_program_is_a_compile_error_and_the_next_one_is_not_harmed()
    {
        sandbox.Ready("csharp");
        var runner = fixture.Runner;
        (await runner.PreparedAsync("csharp")).ShouldBeTrue();
        var attack = Attack.All.Single(a => a.Name == "34-deep-nesting.cs");
        var broken = await RunAsync(runner, "csharp", attack.Source, "eve");
        attack.Statuses.ShouldContain(broken.Status, broken.Message);
        (await runner.PreparedAsync("csharp")).ShouldBeTrue();
        (await RunAsync(runner, "csharp", "Console.WriteLine(1);", "eve")).Stdout.ShouldBe("1\n");
    }

    [Fact]
    public async Task No_memory_for_them_means_none_wait()
    {
        sandbox.Ready("java");
        await using var runner = await CreateAsync("java", 0);
        (await runner.PreparedAsync("java")).ShouldBeFalse();
        var result = await RunAsync(runner, "java", Languages.Java.Definition.Template, "ada");
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.CompileWarm.ShouldBeFalse();
    }

    /// <summary>Somebody who opens a room gets a compiler started, on a machine that has memory to spare.</summary>
    [Theory]
    [InlineData(8 << 20, true)]
    [InlineData(512 << 10, false)]
    [InlineData(0, false)]
    public async Task One_is_started_ahead_of_time_when_the_machine_has_room(int freeKilobytes, bool started)
    {
        sandbox.Ready("java");
        await using var runner = await SandboxRunner.CreateAsync(
            new()
            {
                FirstUid = HostUsers.Warm,
                MaxParallelRuns = 1,
                CompileCacheBytes = 0,
                WarmMemoryBytes = 2L << 30,
                Only = ["java"],
                MemoryInfo = () => $"MemTotal: 99999999 kB\nMemAvailable:   {freeKilobytes} kB\n",
            },
            TestContext.Current.CancellationToken);
        (runner.Preparable("java") is not null).ShouldBe(started);
        runner.Preparable("python").ShouldBeNull();
        runner.Preparable("nothing").ShouldBeNull();
        runner.Prepare("java");
        runner.Prepare("python");
        runner.Prepare("nothing");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (started && runner.WaitingProcesses("java").Count == 0) await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        runner.WaitingProcesses("java").Count.ShouldBe(started ? 1 : 0);
        runner.WaitingProcesses("python").ShouldBeEmpty();
    }

    /// <summary>Nothing is left of them: they are boxes like every other.</summary>
    [Fact]
    public async Task Disposing_ends_them()
    {
        sandbox.Ready("java");
        var runner = await CreateAsync("java");
        (await runner.PreparedAsync("java")).ShouldBeTrue();
        var stem = runner.ControlGroupStem!;
        await runner.DisposeAsync();
        await HostState.NothingIsLeftAsync(stem, HostUsers.Warm, HostUsers.Each);
    }
}
