using System.Diagnostics;
using System.Globalization;

namespace CodeChill.Sandbox.Tests;

/// <summary>Every attack file, one after the other, on a runner with user ids of its own, with the host compared before and after.</summary>
public sealed class AttackTests(AttackFixture fixture) : IClassFixture<AttackFixture>
{
    private const int FirstUid = AttackFixture.FirstUid, Slots = AttackFixture.Slots;

    private readonly SandboxRunner _runner = fixture.Runner;

    public static TheoryData<string> Quick => [.. Attack.All.Where(a => !a.Heavy).Select(a => a.Name)];

    public static TheoryData<string> Heavy => [.. Attack.All.Where(a => a.Heavy).Select(a => a.Name)];

    /// <summary>Guarantee S11 asks for twenty rounds; one is enough at every commit.</summary>
    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("CODECHILL_ATTACK_ROUNDS") ?? "1", CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(Quick))]
    public Task Attack_is_contained(string name) => ContainAsync(name);

    [Theory]
    [Trait("Category", "Heavy")]
    [MemberData(nameof(Heavy))]
    public Task Heavy_attack_is_contained(string name) => ContainAsync(name);

    private async Task ContainAsync(string name)
    {
        var attack = Attack.All.Single(a => a.Name == name);
        if (_runner.Languages.Single(l => l.Name == attack.Language) is { Available: false } info) Assert.Skip($"Skipped: {info.Reason}");
        var before = HostState.Take();
        for (var round = 0; round < Rounds * (attack.Twice ? 2 : 1); round++)
        {
            var result = await _runner.RunAsync(
                new() { Language = attack.Language, Source = attack.Source, Limits = attack.Limits, Stdin = attack.Stdin }, null, TestContext.Current.CancellationToken);
            var report = $"{attack.Outcome}\n{result with { Stdout = Head(result.Stdout), Stderr = Head(result.Stderr), CompileOutput = Head(result.CompileOutput) }}";
            attack.Statuses.ShouldContain(result.Status, report);
            (result.Stdout + result.Stderr).ShouldNotContain("BREACH", Case.Sensitive, report);
            if (result.Status == RunStatus.Success) result.Stdout.ShouldContain("contained", Case.Sensitive, report);
            if (attack.Says is { } says) (result.CompileOutput + result.Stderr).ShouldContain(says, Case.Sensitive, report);
            if (attack.MaxWall is { } wall) result.Wall.ShouldBeLessThan(wall, report);
        }
        await HostState.NothingIsLeftAsync(_runner.ControlGroupStem!, FirstUid, Slots);
        HostState.Take().ShouldBe(before);
        // And the runner still serves.
        var after = await _runner.RunAsync(new() { Language = "python", Source = "print('alive')", Limits = SandboxFixture.Patient }, null, TestContext.Current.CancellationToken);
        after.Stdout.ShouldBe("alive\n", after.ToString());
    }

    [Fact]
    public async Task Forty_runs_at_once_share_the_slots_and_all_end()
    {
        var runs = Enumerable.Range(0, 40).Select(i => _runner.RunAsync(
            new() { Language = "python", Source = i % 4 == 0 ? "raise SystemExit(3)" : $"print({i})", Limits = SandboxFixture.Patient }, null, TestContext.Current.CancellationToken)).ToArray();
        var results = await Task.WhenAll(runs);
        for (var i = 0; i < 40; i++)
        {
            results[i].Status.ShouldBe(i % 4 == 0 ? RunStatus.RuntimeError : RunStatus.Success, results[i].ToString());
            if (i % 4 != 0) results[i].Stdout.ShouldBe($"{i}\n");
        }
        await HostState.NothingIsLeftAsync(_runner.ControlGroupStem!, FirstUid, Slots);
    }

    /// <summary>Guarantee S12: a gigabyte of output is cut, the run ended within half a second of it, and this process does not grow.</summary>
    [Fact]
    [Trait("Category", "Heavy")]
    public async Task Gigabyte_of_output_costs_the_server_little()
    {
        var cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        var result = await _runner.RunAsync(
            new() { Language = "python", Source = "import os\nfor _ in range(16384): os.write(1, b'x' * 65536)", Limits = SandboxFixture.Patient with { OutputBytes = 64 << 10 } },
            null, TestContext.Current.CancellationToken);
        result.Status.ShouldBe(RunStatus.OutputLimit);
        result.Stdout.Length.ShouldBe(64 << 10);
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        (Process.GetCurrentProcess().TotalProcessorTime - cpuBefore).ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    /// <summary>Guarantee S11: whatever one box does, a neighbour's run takes less than a tenth longer.</summary>
    [Theory]
    [Trait("Category", "Heavy")]
    [InlineData("01-fork-bomb.c")]
    [InlineData("07-infinite-loop-many.py")]
    [InlineData("06-output-flood.py")]
    public async Task Neighbour_is_hardly_slowed(string name)
    {
        if (Environment.ProcessorCount < 2 || Load() > 0.7) Assert.Skip("Skipped: the machine is busy, so times of runs say nothing about neighbours.");
        var attack = Attack.All.Single(a => a.Name == name);
        var alone = await BestAsync();
        using var end = new CancellationTokenSource();
        var attacking = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await _runner.RunAsync(new() { Language = attack.Language, Source = attack.Source, Limits = attack.Limits with { Wall = TimeSpan.FromSeconds(30) } }, null, end.Token);
            }
        });
        var beside = await BestAsync();
        await end.CancelAsync();
        await attacking;
        (beside / alone).ShouldBeLessThan(1.10);

        async Task<double> BestAsync()
        {
            var best = double.MaxValue;
            for (var i = 0; i < 5; i++)
            {
                var result = await _runner.RunAsync(
                    new() { Language = "python", Source = "import time\nt = time.perf_counter()\nfor _ in range(5_000_000): pass\nprint(time.perf_counter() - t)" }, null, TestContext.Current.CancellationToken);
                best = Math.Min(best, double.Parse(result.Stdout, CultureInfo.InvariantCulture));
            }
            return best;
        }
    }

    private static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Head(string text) => text.Length <= 2000 ? text : text[..2000] + "…";
}
