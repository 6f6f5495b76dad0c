namespace CodeChill.Sandbox.Tests;

/// <summary>A runner for attacks alone, so that what it leaves can be told from the runs of other tests by user id and group name.</summary>
public sealed class AttackFixture(SandboxFixture sandbox) : IAsyncLifetime
{
    public SandboxRunner Runner { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        sandbox.Ready();
        Runner = await SandboxRunner.CreateAsync(new() { FirstUid = HostUsers.Attacks, MaxParallelRuns = 4, CompileCacheBytes = 0, WarmMemoryBytes = 0 });
    }

    public async ValueTask DisposeAsync()
    {
        if (Runner is not null) await Runner.DisposeAsync();
    }
}
