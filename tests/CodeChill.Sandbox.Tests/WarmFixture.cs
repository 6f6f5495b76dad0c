namespace CodeChill.Sandbox.Tests;

/// <summary>A runner with room for compilers that wait, and without a cache that would hide them.</summary>
public sealed class WarmFixture(SandboxFixture sandbox) : IAsyncLifetime
{
    public SandboxRunner Runner { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        sandbox.Ready();
        Runner = await SandboxRunner.CreateAsync(new() { FirstUid = HostUsers.Warm + HostUsers.Each, MaxParallelRuns = 2, CompileCacheBytes = 0, WarmMemoryBytes = 2L << 30, Only = ["java", "csharp"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (Runner is not null) await Runner.DisposeAsync();
    }
}
