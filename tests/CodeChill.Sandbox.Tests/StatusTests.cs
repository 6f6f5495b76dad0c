namespace CodeChill.Sandbox.Tests;

public sealed class StatusTests(SandboxFixture sandbox)
{
    [Fact]
    public async Task Python_program_that_ends_normally_is_success_with_its_output_and_measurements()
    {
        // Long enough to be seen where use is only looked at now and then.
        var result = await sandbox.RunAsync(
            "python", "import sys, time\nwhile time.process_time() < 0.1: pass\nprint('hello', input())\nprint('err', file=sys.stderr)", stdin: "world\n");
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.ExitCode.ShouldBe(0);
        result.Signal.ShouldBeNull();
        result.Stdout.ShouldBe("hello world\n");
        result.Stderr.ShouldBe("err\n");
        result.Truncated.ShouldBeFalse();
        result.Wall.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(90));
        result.Cpu.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(5));
        result.PeakMemoryBytes.ShouldBeGreaterThan(1 << 20);
    }

    [Fact]
    public async Task Javascript_program_that_ends_normally_is_success()
    {
        var result = await sandbox.RunAsync("js", "console.log('hello ' + require('fs').readFileSync(0, 'utf8').trim())", stdin: "wörld 🎉");
        result.Status.ShouldBe(RunStatus.Success, result.ToString());
        result.Stdout.ShouldBe("hello wörld 🎉\n");
    }

    [Fact]
    public async Task Exit_code_is_reported()
    {
        var result = await sandbox.RunAsync("python", "import sys; sys.exit(3)");
        result.Status.ShouldBe(RunStatus.RuntimeError);
        result.ExitCode.ShouldBe(3);
        result.Signal.ShouldBeNull();
        result.Message.ShouldContain("exit code 3");
    }

    [Fact]
    public async Task Uncaught_exception_is_a_runtime_error_with_its_trace()
    {
        var result = await sandbox.RunAsync("javascript", "throw new Error('boom')");
        result.Status.ShouldBe(RunStatus.RuntimeError);
        result.Stderr.ShouldContain("Error: boom");
        result.Stderr.ShouldContain("/box/main.js:1");
    }

    [Theory]
    [InlineData(11, "SIGSEGV")]
    [InlineData(6, "SIGABRT")]
    [InlineData(9, "SIGKILL")]
    public async Task Death_by_signal_is_named(int signal, string name)
    {
        var result = await sandbox.RunAsync("python", $"import os; os.kill(os.getpid(), {signal})");
        result.Status.ShouldBe(RunStatus.RuntimeError);
        result.Signal.ShouldBe(name);
        result.ExitCode.ShouldBe(128 + signal);
    }

    [Fact]
    public async Task No_signal_is_inherited_as_ignored()
    {
        // The server ignores SIGPIPE, and, started in the background of a script, SIGINT, SIGQUIT and SIGHUP; inherited, `yes | head` would not end and the interrupt key do nothing.
        var result = await sandbox.RunAsync("python", "print(open('/proc/self/status').read())");
        var ignored = result.Stdout.Split('\n').Single(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        // CPython itself ignores SIGPIPE (13) and SIGXFSZ (25), nothing else.
        Convert.ToUInt64(ignored, 16).ShouldBe((1UL << 12) | (1UL << 24));
    }

    [Fact]
    public async Task Sleeping_past_the_wall_limit_is_a_time_limit()
    {
        var result = await sandbox.RunAsync("python", "import time; print('before'); time.sleep(60)", new() { Wall = TimeSpan.FromSeconds(4) });
        result.Status.ShouldBe(RunStatus.TimeLimit);
        result.Stdout.ShouldBe("before\n");
        result.ExitCode.ShouldBeNull();
        result.Wall.ShouldBeInRange(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(30));
        result.Message.ShouldContain("4 seconds");
    }

    [Fact]
    public async Task Computing_past_the_cpu_limit_is_a_time_limit_also_when_spread_over_children()
    {
        var result = await sandbox.RunAsync(
            "python", "import os\nfor _ in range(3): os.fork()\nwhile True: pass", new() { Cpu = TimeSpan.FromSeconds(1), Wall = TimeSpan.FromSeconds(60) });
        result.Status.ShouldBe(RunStatus.TimeLimit);
        result.Message.ShouldContain("processor time");
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task Memory_bomb_in_python_is_a_memory_limit()
    {
        var result = await sandbox.RunAsync("python", "a = []\nwhile True: a.append(bytearray(1 << 20))", SandboxFixture.Patient with { MemoryBytes = 64L << 20 });
        result.Status.ShouldBe(RunStatus.MemoryLimit, result.ToString());
        result.Message.ShouldContain("64 MiB");
    }

    [Fact]
    public async Task Memory_bomb_in_javascript_is_a_memory_limit()
    {
        var result = await sandbox.RunAsync("javascript", "const a = []; for (;;) a.push(new Array(1000).fill(a.length))", SandboxFixture.Patient with { MemoryBytes = 128L << 20 });
        result.Status.ShouldBe(RunStatus.MemoryLimit, result.ToString());
    }

    [Fact]
    public async Task Memory_limit_is_reported_when_only_a_child_was_killed()
    {
        if (sandbox.Ready().Report.Limits == LimitEnforcement.Rlimits) Assert.Skip("Skipped: only control groups count this.");
        var result = await sandbox.RunAsync(
            "python",
            "import os\nif os.fork() == 0:\n  a = bytearray(1 << 30)\n  for i in range(0, len(a), 4096): a[i] = 1\nos.wait()\nimport time; time.sleep(5)",
            SandboxFixture.Patient with { MemoryBytes = 64L << 20 });
        result.Status.ShouldBe(RunStatus.MemoryLimit, result.ToString());
    }

    [Fact]
    public async Task Output_flood_is_cut_at_the_limit_and_ended_at_once()
    {
        var result = await sandbox.RunAsync("python", "import sys\nwhile True: sys.stdout.write('x' * 4096)", SandboxFixture.Patient with { OutputBytes = 10_000, Cpu = TimeSpan.FromSeconds(60) });
        result.Status.ShouldBe(RunStatus.OutputLimit);
        result.Stdout.Length.ShouldBe(10_000);
        result.Truncated.ShouldBeTrue();
        // Bounds on wall time are wide everywhere: they must tell "ended at once" from "ended by the next limit" on a busy machine, too.
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Output_of_exactly_the_limit_passes_and_one_byte_more_does_not()
    {
        var limits = SandboxFixture.Patient with { OutputBytes = 1000 };
        (await sandbox.RunAsync("python", "import sys; sys.stdout.write('x' * 600); sys.stderr.write('y' * 400)", limits)).Status.ShouldBe(RunStatus.Success);
        var over = await sandbox.RunAsync("python", "import sys; sys.stdout.write('x' * 600); sys.stderr.write('y' * 401)", limits);
        over.Status.ShouldBe(RunStatus.OutputLimit);
        (over.Stdout.Length + over.Stderr.Length).ShouldBe(1000);
    }

    [Fact]
    public async Task Failing_for_lack_of_processes_is_a_process_limit()
    {
        if (sandbox.Ready().Report.Limits == LimitEnforcement.Rlimits) Assert.Skip("Skipped: only control groups count this.");
        var result = await sandbox.RunAsync("python", "import os, time\nwhile True:\n  if os.fork() == 0: time.sleep(30)", SandboxFixture.Patient with { Processes = 16 });
        result.Status.ShouldBe(RunStatus.ProcessLimit, result.ToString());
        result.Message.ShouldContain("16");
    }

    [Fact]
    public async Task Process_limit_counts_exactly()
    {
        if (sandbox.Ready().Report.Limits == LimitEnforcement.Rlimits) Assert.Skip("Skipped: only control groups count this.");
        const string Source = "import os, time\nn = 1\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(30); os._exit(0)\n    n += 1\nexcept OSError: print(n)";
        var result = await sandbox.RunAsync("python", Source, SandboxFixture.Patient with { Processes = 20 });
        result.Stdout.ShouldBe("20\n");
    }

    [Fact]
    public async Task File_over_the_size_limit_is_sigxfsz_or_efbig()
    {
        const string Source = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nf = open('/tmp/f', 'wb')\nfor _ in range(40): f.write(b'x' * (1 << 20)); f.flush()";
        var result = await sandbox.RunAsync("python", Source, SandboxFixture.Patient with { FileBytes = 20L << 20 });
        result.Status.ShouldBe(RunStatus.RuntimeError);
        result.Signal.ShouldBe("SIGXFSZ");
        result.Message.ShouldContain("file size limit");
    }

    [Fact]
    public async Task Cancelling_ends_the_run_and_keeps_the_output()
    {
        using var cancel = new CancellationTokenSource();
        var result = await sandbox.Ready("python").RunAsync(
            new() { Language = "python", Source = "import time; print('go'); time.sleep(60)", Limits = SandboxFixture.Patient },
            _ =>
            {
                cancel.Cancel();
                return default;
            },
            cancel.Token);
        result.Status.ShouldBe(RunStatus.Cancelled);
        // Unbuffered Python writes the line break by itself; the run may end in between.
        result.Stdout.ShouldStartWith("go");
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Unknown_language_bad_limit_and_large_source_are_refused_before_anything_starts()
    {
        var runner = sandbox.Ready();
        await Should.ThrowAsync<ArgumentException>(() => runner.RunAsync(new() { Language = "cobol", Source = "" }));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => runner.RunAsync(new() { Language = "python", Source = "", Limits = new() { Wall = TimeSpan.Zero } }));
        await Should.ThrowAsync<ArgumentException>(() => runner.RunAsync(new() { Language = "python", Source = new('x', (1 << 20) + 1) }));
    }

    [Fact]
    public async Task Empty_program_is_success() => (await sandbox.RunAsync("python", "")).Status.ShouldBe(RunStatus.Success);
}
