using CodeChill.Sandbox.Tests;

[assembly: AssemblyFixture(typeof(SandboxFixture))]

namespace CodeChill.Sandbox.Tests;

/// <summary>One runner for all tests: its start runs the self-test and asks every toolchain for its version.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    /// <summary>For this program when a test starts it again: the languages that it needs.</summary>
    public const string OnlyVariable = "CODECHILL_TEST_LANGUAGES";

    public SandboxRunner Runner { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Runner = await SandboxRunner.CreateAsync(new()
    {
        FirstUid = HostUsers.Shared,
        MaxParallelRuns = 4,
        Only = Environment.GetEnvironmentVariable(OnlyVariable)?.Split(','),
        Log = line => TestContext.Current.SendDiagnosticMessage(line),
    });

    public ValueTask DisposeAsync() => Runner.DisposeAsync();

    /// <summary>The runner; the test is skipped where bubblewrap is not installed, except under CI, where that is a failure.</summary>
    public SandboxRunner Ready(string? language = null)
    {
        var ci = Environment.GetEnvironmentVariable("CI") is { Length: > 0 };
        if (!Runner.Report.Available)
        {
            if (ci || Runner.Report.BubblewrapVersion is not null) Assert.Fail($"The sandbox does not work: {Runner.Report.Reason} Fix: {string.Join("; ", Runner.Report.Fix)}");
            Assert.Skip($"Skipped: {Runner.Report.Reason} Fix: {string.Join("; ", Runner.Report.Fix)}");
        }
        if (language is not null && Runner.Languages.Single(l => l.Name == language || l.Aliases.Contains(language)) is { Available: false } info) Assert.Skip($"Skipped: {info.Reason}");
        return Runner;
    }

    /// <summary>For tests that are not about time: on a busy machine a program of 0.3 s of processor time was seen to take 10 s.</summary>
    public static RunLimits Patient { get; } = new() { Wall = TimeSpan.FromSeconds(60) };

    public Task<RunResult> RunAsync(string language, string source, RunLimits? limits = null, string stdin = "") => Ready(language).RunAsync(
        new() { Language = language, Source = source, Stdin = System.Text.Encoding.UTF8.GetBytes(stdin), Limits = limits ?? Patient },
        null,
        TestContext.Current.CancellationToken);
}
