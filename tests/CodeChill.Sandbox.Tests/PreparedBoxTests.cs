using System.Diagnostics;

namespace CodeChill.Sandbox.Tests;

/// <summary>Boxes that are set up before their program is known: like any other to the program, and never in anybody's way.</summary>
public sealed class PreparedBoxTests(SandboxFixture sandbox)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<SandboxRunner> CreateAsync(string[] languages, int boxes = 8, TimeProvider? time = null)
    {
        foreach (var language in languages) sandbox.Ready(language);
        var runner = await SandboxRunner.CreateAsync(
            new() { FirstUid = HostUsers.Prepared, MaxParallelRuns = 2, CompileCacheBytes = 0, WarmMemoryBytes = 0, PreparedBoxes = boxes, Only = languages, Time = time ?? TimeProvider.System }, Cancel);
        if (runner.Report.Limits != LimitEnforcement.Rlimits && runner.Host!.Gate is not null) return runner;
        await runner.DisposeAsync();
        Assert.Skip("Skipped: boxes are only prepared where there are control groups, and a gate for this processor.");
        return null!;
    }

    private static Task<RunResult> RunAsync(SandboxRunner runner, string language, string source, string stdin = "", RunLimits? limits = null) => runner.RunAsync(
        new() { Language = language, Source = source, Stdin = System.Text.Encoding.UTF8.GetBytes(stdin), Limits = limits ?? SandboxFixture.Patient }, null, Cancel);

    public static TheoryData<string> Languages => [.. CodeChill.Sandbox.Languages.LanguageCatalog.All.Select(l => l.Name)];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Program_of_every_language_runs_in_one(string language)
    {
        await using var runner = await CreateAsync([language]);
        var info = runner.Languages.Single(l => l.Name == language);
        (await runner.BoxReadyAsync(language, SandboxFixture.Patient)).ShouldBeTrue();
        if (info.Compiled) (await runner.BoxReadyAsync(language, SandboxFixture.Patient, compile: true)).ShouldBeTrue();
        var result = await RunAsync(runner, language, info.Template, "Ada\n");
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.Stdout.ShouldBe("Hello, Ada!\n");
        runner.BoxesUsed.ShouldBe(info.Compiled ? 2 : 1);
    }

    /// <summary>The socket at which it waited, and the program's file, are closed; its first process holds nothing either.</summary>
    [Fact]
    public async Task Program_finds_nothing_of_the_waiting()
    {
        await using var runner = await CreateAsync(["python"]);
        const string Look = """
            import os
            fds = lambda pid: sorted(int(n) for n in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{n}"))
            print(fds("self"), fds(1))
            print(sorted(os.environ))
            print(sorted(os.listdir("/box")), oct(os.stat("/box/main.py").st_mode), os.getcwd(), len([p for p in os.listdir("/proc") if p.isdigit()]))
            """;
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        var waited = await RunAsync(runner, "python", Look);
        runner.BoxesUsed.ShouldBe(1);
        await runner.DropBoxesAsync();
        var atOnce = await RunAsync(runner, "python", Look);
        runner.BoxesUsed.ShouldBe(1);
        waited.Stdout.ShouldStartWith("[0, 1, 2] [0, 1, 2]\n", Case.Sensitive, waited.ToString());
        waited.Stdout.ShouldBe(atOnce.Stdout);
    }

    /// <summary>Wall time counts from the moment the program is there.</summary>
    [Fact]
    public async Task Time_spent_waiting_is_not_the_programs()
    {
        var clock = new ShiftedClock();
        await using var runner = await CreateAsync(["python"], time: clock);
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        clock.Shift(TimeSpan.FromHours(1));
        var result = await RunAsync(runner, "python", "print(1)");
        runner.BoxesUsed.ShouldBe(1);
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.Wall.ShouldBeLessThan(SandboxFixture.Patient.Wall);
    }

    /// <summary>What it took to set the box up is not counted as the program's processor time.</summary>
    [Fact]
    public async Task Processor_time_of_setting_up_is_not_the_programs()
    {
        await using var runner = await CreateAsync(["c"]);
        const string Nothing = "int main(void) { return 0; }";
        var before = await RunAsync(runner, "c", Nothing);
        (await runner.BoxReadyAsync("c", SandboxFixture.Patient)).ShouldBeTrue();
        var after = await RunAsync(runner, "c", Nothing);
        before.Cpu.ShouldBeGreaterThan(TimeSpan.Zero);
        after.Cpu.ShouldBeGreaterThan(TimeSpan.Zero);
        after.Cpu.ShouldBeLessThan(before.Cpu);
    }

    [Fact]
    public async Task Box_whose_processes_were_killed_is_replaced_and_nobody_notices()
    {
        await using var runner = await CreateAsync(["python"]);
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Skipped: the box is recognised by its user id, which needs root.");
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        var waiting = HostState.ProcessesOf(HostUsers.Prepared, HostUsers.Each).Select(p => int.Parse(p.Split(' ')[0])).ToArray();
        waiting.Length.ShouldBeGreaterThanOrEqualTo(2);
        foreach (var pid in waiting)
        {
            try
            {
                Process.GetProcessById(pid).Kill();
            }
            catch (ArgumentException)
            {
                // It went with the one before.
            }
        }
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10)))
        {
            while (HostState.ProcessesOf(HostUsers.Prepared, HostUsers.Each).Length > 0) await timer.WaitForNextTickAsync(Cancel);
        }
        (await RunAsync(runner, "python", "print(1)")).Stdout.ShouldBe("1\n");
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        (await RunAsync(runner, "python", "print(2)")).Stdout.ShouldBe("2\n");
    }

    [Fact]
    public async Task Box_for_other_limits_is_not_used()
    {
        await using var runner = await CreateAsync(["python"]);
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        const string Greedy = "b = bytearray(100 << 20)\nprint(len(b))";
        var small = await RunAsync(runner, "python", Greedy, limits: SandboxFixture.Patient with { MemoryBytes = 32L << 20 });
        small.Status.ShouldBe(RunStatus.MemoryLimit, small.ToString());
        runner.BoxesUsed.ShouldBe(0);
        // How long it may take is not one of them.
        var large = await RunAsync(runner, "python", Greedy, limits: SandboxFixture.Patient with { Wall = TimeSpan.FromSeconds(50) });
        large.Status.ShouldBe(RunStatus.Success, large.ToString());
        runner.BoxesUsed.ShouldBe(1);
    }

    [Fact]
    public async Task Limits_hold_in_one()
    {
        await using var runner = await CreateAsync(["python"]);
        var limits = SandboxFixture.Patient with { MemoryBytes = 32L << 20, Cpu = TimeSpan.FromSeconds(1), Processes = 8 };
        foreach (var (source, status) in ((string, RunStatus)[])
        [
            ("b = bytearray(100 << 20)", RunStatus.MemoryLimit),
            ("while True: pass", RunStatus.TimeLimit),
            ("import os, time\nfor _ in range(20):\n  if os.fork() == 0: time.sleep(5); os._exit(0)", RunStatus.ProcessLimit),
        ])
        {
            (await runner.BoxReadyAsync("python", limits)).ShouldBeTrue();
            var used = runner.BoxesUsed;
            var result = await RunAsync(runner, "python", source, limits: limits);
            result.Status.ShouldBe(status, result.ToString());
            runner.BoxesUsed.ShouldBe(used + 1);
        }
    }

    [Fact]
    public async Task Longest_unused_makes_place()
    {
        await using var runner = await CreateAsync(["python", "javascript"], boxes: 1);
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeTrue();
        (await runner.BoxReadyAsync("javascript", SandboxFixture.Patient)).ShouldBeTrue();
        (await RunAsync(runner, "python", "print(1)")).Stdout.ShouldBe("1\n");
        runner.BoxesUsed.ShouldBe(0);
        (await runner.BoxReadyAsync("javascript", SandboxFixture.Patient)).ShouldBeTrue();
        (await RunAsync(runner, "javascript", "console.log(1)")).Stdout.ShouldBe("1\n");
        runner.BoxesUsed.ShouldBe(1);
    }

    /// <summary>A run leaves one for the next; a room that is opened asks for one.</summary>
    [Fact]
    public async Task One_is_set_up_after_a_run_and_when_a_program_is_expected()
    {
        await using var runner = await CreateAsync(["python", "c"]);
        await RunAsync(runner, "python", "print(1)");
        await runner.BoxesSettledAsync();
        await RunAsync(runner, "python", "print(1)");
        runner.BoxesUsed.ShouldBe(1);
        runner.Prepare("c", SandboxFixture.Patient);
        await runner.BoxesSettledAsync();
        var result = await RunAsync(runner, "c", "int main(void) { return 0; }");
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        runner.BoxesUsed.ShouldBe(3);
    }

    [Fact]
    public async Task None_means_none()
    {
        await using var runner = await CreateAsync(["python"], boxes: 0);
        (await runner.BoxReadyAsync("python", SandboxFixture.Patient)).ShouldBeFalse();
        (await RunAsync(runner, "python", "print(1)")).Stdout.ShouldBe("1\n");
        runner.BoxesUsed.ShouldBe(0);
    }

    private sealed class ShiftedClock : TimeProvider
    {
        private long _ticks;

        public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _ticks);

        public void Shift(TimeSpan by) => Interlocked.Add(ref _ticks, (long)(by.TotalSeconds * TimestampFrequency));
    }
}
