using System.Diagnostics;
using System.Globalization;

namespace CodeChill.Sandbox.Tests;

/// <summary>Runs this test program a second time: to be killed, and as somebody who is not root.</summary>
public sealed class ProcessTests(SandboxFixture sandbox)
{
    private const int VictimUid = 61401, PlainUser = 61501;
    private const string VictimSign = "CODECHILL_TEST_VICTIM";

    [Fact]
    public async Task Boxes_die_with_a_killed_server_and_the_next_start_sweeps_its_groups()
    {
        sandbox.Ready("python");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Skipped: boxes of the killed process are recognised by their user id, which needs root.");
        using var victim = Start([], nameof(Victim), new() { [VictimSign] = "1", ["CODECHILL_TEST_FIRST_UID"] = VictimUid.ToString(CultureInfo.InvariantCulture) });
        await WaitAsync(() => HostState.ProcessesOf(VictimUid, 8).Count(p => p.Contains("main.py", StringComparison.Ordinal)) >= 2, TimeSpan.FromSeconds(90), "the victim's boxes to run");
        victim.Kill();
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        await WaitAsync(() => HostState.ProcessesOf(VictimUid, 8).Length == 0, TimeSpan.FromSeconds(30), "the victim's boxes to die");

        await using var next = await SandboxRunner.CreateAsync(new() { FirstUid = VictimUid, MaxParallelRuns = 1 });
        HostState.ControlGroups($"codechill-{victim.Id}-").ShouldBeEmpty();
    }

    /// <summary>Not a test: what the killed process does.</summary>
    [Fact]
    public async Task Victim()
    {
        if (Environment.GetEnvironmentVariable(VictimSign) is null) Assert.Skip("Skipped: only run by the test above, in a process of its own.");
        await sandbox.RunAsync("python", "import os, time\nos.fork()\ntime.sleep(100)", new() { Wall = TimeSpan.FromSeconds(110) });
    }

    [Fact]
    public async Task Everything_that_needs_no_root_works_for_a_plain_user()
    {
        sandbox.Ready("python");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Skipped: this whole run is already a plain user's.");
        if (!Languages.LanguagePart.IsWorldReadable(Environment.ProcessPath!)) Assert.Skip("Skipped: other users cannot read this folder.");
        var id = PlainUser.ToString(CultureInfo.InvariantCulture);
        using var run = Start(["/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"], null, new() { ["HOME"] = "/tmp" });
        var output = await run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        run.ExitCode.ShouldBe(0, output);
        output.ShouldContain("Failed: 0");
    }

    private static Process Start(string[] prefix, string? method, Dictionary<string, string> environment)
    {
        string[] filter = method is null
            ? ["-class", typeof(StatusTests).FullName!, "-class", typeof(StreamingTests).FullName!, "-class", typeof(IsolationTests).FullName!]
            : ["-method", $"{typeof(ProcessTests).FullName}.{method}"];
        string[] all = [.. prefix, Environment.ProcessPath!, .. filter, "-noColor"];
        var info = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, WorkingDirectory = "/tmp" };
        foreach (var (name, value) in environment) info.Environment[name] = value;
        return Process.Start(info)!;
    }

    private static async Task WaitAsync(Func<bool> condition, TimeSpan atMost, string what)
    {
        var elapsed = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!condition())
        {
            if (elapsed.Elapsed > atMost) Assert.Fail($"Waited {atMost} for {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
