using System.Diagnostics;
using System.Globalization;

namespace CodeChill.Sandbox.Tests;

/// <summary>Runs this test program a second time: to be killed, and as somebody who is not root.</summary>
public sealed class ProcessTests(SandboxFixture sandbox)
{
    private static int VictimUid => HostUsers.Victim;

    private const string VictimSign = "CODECHILL_TEST_VICTIM";

    /// <summary>
    /// Killed while the box is being set up (one process of it, still on its way to bubblewrap; two, the outer one and an init that has not asked for the death signal), and while the
    /// program runs. Before there was a guardian, the second left a program that nobody limited.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Boxes_and_their_groups_go_with_a_killed_server(int processes)
    {
        sandbox.Ready("python");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Skipped: boxes of the killed process are recognised by their user id, which needs root.");
        using var victim = Start([], nameof(Victim), new() { [VictimSign] = "1", [SandboxFixture.OnlyVariable] = "python", [HostUsers.Variable] = VictimUid.ToString(CultureInfo.InvariantCulture) });
        await WaitAsync(() => HostState.ProcessesOf(VictimUid, HostUsers.Each).Count(p => p.Contains("main.py", StringComparison.Ordinal)) >= processes, TimeSpan.FromSeconds(90), "the victim's boxes to run");
        // And the box that waits for the next program.
        await WaitAsync(() => HostState.ProcessesOf(VictimUid, HostUsers.Each).Any(p => p.Contains("/.gate", StringComparison.Ordinal)), TimeSpan.FromSeconds(30), "a box to wait");
        victim.Kill();
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        await WaitAsync(() => HostState.ProcessesOf(VictimUid, HostUsers.Each).Length == 0, TimeSpan.FromSeconds(30), "the victim's boxes to die");

        await WaitAsync(() => HostState.ControlGroups($"codechill-{victim.Id}-").Length == 0, TimeSpan.FromSeconds(30), "the victim's control groups to be removed");
    }

    /// <summary>Not a test: what the killed process does.</summary>
    [Fact]
    public async Task Victim()
    {
        if (Environment.GetEnvironmentVariable(VictimSign) is null) Assert.Skip("Skipped: only run by the test above, in a process of its own.");
        var runner = sandbox.Ready("python");
        var run = sandbox.RunAsync("python", "import os, time\nos.fork()\ntime.sleep(100)", new() { Wall = TimeSpan.FromSeconds(110) });
        await runner.BoxReadyAsync("python", new());
        await run;
    }

    [Fact]
    public async Task Everything_that_needs_no_root_works_for_a_plain_user()
    {
        sandbox.Ready("python");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Skipped: this whole run is already a plain user's.");
        if (!Languages.LanguagePart.IsWorldReadable(Environment.ProcessPath!)) Assert.Skip("Skipped: other users cannot read this folder.");
        var id = HostUsers.Plain.ToString(CultureInfo.InvariantCulture);
        using var run = Start(["/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"], null, new() { ["HOME"] = "/tmp", [SandboxFixture.OnlyVariable] = "python,javascript,c" });
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
