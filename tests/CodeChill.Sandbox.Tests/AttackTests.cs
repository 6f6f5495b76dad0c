using System.Globalization;

namespace CodeChill.Sandbox.Tests;

/// <summary>Every attack file, one after the other, on a runner with user ids of its own, with the host compared before and after.</summary>
public sealed class AttackTests(AttackFixture fixture) : IClassFixture<AttackFixture>
{
    private readonly SandboxRunner _runner = fixture.Runner;

    private bool HasControlGroups => _runner.Report.Limits != LimitEnforcement.Rlimits;

    public static TheoryData<string> Quick => [.. Attack.All.Where(a => !a.Heavy).Select(a => a.Name)];

    public static TheoryData<string> Heavy => [.. Attack.All.Where(a => a.Heavy).Select(a => a.Name)];

    /// <summary>Guarantee S11 asks for twenty rounds; one is enough at every commit.</summary>
    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("CODECHILL_ATTACK_ROUNDS") ?? "1", CultureInfo.InvariantCulture);

    [Theory]
    [MemberData(nameof(Quick))]
    public Task Attack_is_contained(string name) => ContainAsync(name);

    /// <summary>Those that keep a processor busy for long; run by <c>./dev attacks</c>.</summary>
    [Theory(Explicit = true)]
    [MemberData(nameof(Heavy))]
    public Task Heavy_attack_is_contained(string name) => ContainAsync(name);

    private async Task ContainAsync(string name)
    {
        var attack = Attack.All.Single(a => a.Name == name);
        if (_runner.Languages.Single(l => l.Name == attack.Language) is { Available: false } info) Assert.Skip($"Skipped: {info.Reason}");
        var compiled = _runner.Languages.Single(l => l.Name == attack.Language).Compiled;
        var before = HostState.Take();
        for (var round = 0; round < Rounds * (attack.Twice ? 2 : 1); round++)
        {
            // In boxes that have waited for it, as most programs run: what waits there must be no way out either.
            (await _runner.BoxReadyAsync(attack.Language, attack.Limits)).ShouldBe(HasControlGroups);
            if (compiled) (await _runner.BoxReadyAsync(attack.Language, attack.Limits, compile: true)).ShouldBe(HasControlGroups);
            var used = _runner.BoxesUsed;
            var result = await _runner.RunAsync(
                new() { Language = attack.Language, Source = attack.Source, Limits = attack.Limits, Stdin = attack.Stdin }, null, TestContext.Current.CancellationToken);
            var report = $"{attack.Outcome}\n{result with { Stdout = Head(result.Stdout), Stderr = Head(result.Stderr), CompileOutput = Head(result.CompileOutput) }}";
            if (HasControlGroups) _runner.BoxesUsed.ShouldBeGreaterThan(used, report);
            attack.Statuses.ShouldContain(result.Status, report);
            (result.Stdout + result.Stderr).ShouldNotContain("BREACH", Case.Sensitive, report);
            if (result.Status == RunStatus.Success) result.Stdout.ShouldContain("contained", Case.Sensitive, report);
            if (attack.Says is { } says) (result.CompileOutput + result.Stderr).ShouldContain(says, Case.Sensitive, report);
            if (attack.MaxWall is { } wall) result.Wall.ShouldBeLessThan(wall, report);
        }
        await _runner.DropBoxesAsync();
        await HostState.NothingIsLeftAsync(_runner.ControlGroupStem!, HostUsers.Attacks, HostUsers.Each);
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
        await _runner.DropBoxesAsync();
        await HostState.NothingIsLeftAsync(_runner.ControlGroupStem!, HostUsers.Attacks, HostUsers.Each);
    }

    /// <summary>Guarantee S12: a gigabyte of output is cut where the limit is, and the run ended there.</summary>
    [Fact]
    public async Task Gigabyte_of_output_costs_the_server_little()
    {
        var result = await _runner.RunAsync(
            new() { Language = "python", Source = "import os\nfor i in range(16384):\n  os.write(2, b'%d\\n' % i); os.write(1, b'x' * 65536)", Limits = SandboxFixture.Patient with { OutputBytes = 64 << 10 } },
            null, TestContext.Current.CancellationToken);
        result.Status.ShouldBe(RunStatus.OutputLimit);
        (result.Stdout.Length + result.Stderr.Length).ShouldBe(64 << 10);
        // It was ended on its way: all of it would have been 16384 pieces.
        int.Parse(result.Stderr.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("0"), CultureInfo.InvariantCulture).ShouldBeLessThan(64);
    }

    /// <summary>
    /// Guarantee S11, the part that is not a time: however many processes a box has, the kernel gives it what it gives any other box. (How much longer a neighbour's run takes is
    /// measured by the bench.)
    /// </summary>
    [Fact]
    public async Task Box_with_many_processes_weighs_as_much_as_its_neighbour()
    {
        if (_runner.Report.Limits == LimitEnforcement.Rlimits) Assert.Skip("Skipped: without control groups, processes compete one by one.");
        // Boxes that wait weigh less.
        await _runner.DropBoxesAsync();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var attacking = _runner.RunAsync(new() { Language = "python", Source = "import os\nfor _ in range(5): os.fork()\nwhile True: pass", Limits = SandboxFixture.Patient with { Cpu = TimeSpan.FromMinutes(5) } }, null, end.Token);
        try
        {
            var neighbour = new TaskCompletionSource();
            using var over = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
            var beside = _runner.RunAsync(
                new() { Language = "python", Source = "import time\nprint('here')\ntime.sleep(60)", Limits = SandboxFixture.Patient },
                _ =>
                {
                    neighbour.TrySetResult();
                    return default;
                },
                over.Token);
            await neighbour.Task.WaitAsync(end.Token);
            await WaitAsync(() => Members() is [.., > 32]);
            var weights = Groups("cpu.shares", "cpu.weight").Select(f => File.ReadAllText(f).Trim()).ToArray();
            weights.Length.ShouldBeGreaterThanOrEqualTo(2);
            weights.Distinct().ShouldHaveSingleItem();
            await over.CancelAsync();
            await beside;
        }
        finally
        {
            await end.CancelAsync();
            await attacking;
        }

        IEnumerable<string> Groups(params string[] files) =>
            HostState.ControlGroups(_runner.ControlGroupStem!).SelectMany(d => files.Select(f => Path.Combine(d, f))).Where(File.Exists);

        int[] Members() => [.. Groups("pids.current").Select(f => int.Parse(File.ReadAllText(f), CultureInfo.InvariantCulture)).Order()];

        async Task WaitAsync(Func<bool> condition)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (!condition())
            {
                attacking.IsCompleted.ShouldBeFalse();
                await timer.WaitForNextTickAsync(end.Token);
            }
        }
    }

    /// <summary>
    /// Guarantee S11, what makes a neighbour's run take no longer: while it runs, nothing of the other box runs on its processors; before and after, the other has them all.
    /// </summary>
    [Fact]
    public async Task Busy_box_leaves_its_neighbour_processors_of_its_own()
    {
        if (Environment.ProcessorCount < 2 || _runner.Host!.Cgroups.Processors is null) Assert.Skip("Skipped: needs two processors, and control groups that keep programs to them.");
        const string Look = "import os\nlast = None\nwhile True:\n  now = sorted(os.sched_getaffinity(0))\n  if now != last: os.write(1, (' '.join(map(str, now)) + '\\n').encode()); last = now\n";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = System.Threading.Channels.Channel.CreateUnbounded<string>();
        var busy = _runner.RunAsync(
            new() { Language = "python", Source = Look, Limits = SandboxFixture.Patient with { Cpu = TimeSpan.FromMinutes(1) } },
            chunk =>
            {
                foreach (var line in chunk.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) seen.Writer.TryWrite(line);
                return default;
            },
            end.Token);
        // Should it end too soon, nothing is waited for.
        _ = busy.ContinueWith(_ => seen.Writer.TryComplete(), TaskScheduler.Default);
        var all = await seen.Reader.ReadAsync(end.Token);
        var go = System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        var running = _runner.RunAsync(
            new() { Language = "python", Source = "import os\nprint(*sorted(os.sched_getaffinity(0)))\ninput()", Input = go.Reader, Limits = SandboxFixture.Patient }, null, end.Token);
        var left = await seen.Reader.ReadAsync(end.Token);
        go.Writer.TryWrite("\n"u8.ToArray());
        string[] part = [left, (await running).Stdout.Trim()];
        part.SelectMany(p => p.Split(' ')).Order().ShouldBe(all.Split(' ').Order());
        (await seen.Reader.ReadAsync(end.Token)).ShouldBe(all);
        await end.CancelAsync();
        await busy;
    }

    private static string Head(string text) => text.Length <= 2000 ? text : text[..2000] + "…";
}
