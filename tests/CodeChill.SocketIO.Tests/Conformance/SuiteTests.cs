using CodeChill.SocketIO.Tests.Support;

namespace CodeChill.SocketIO.Tests.Conformance;

/// <summary>The protocols' conformance suites against the sample host, as many times in a row as it takes to call it stable.</summary>
[Collection(nameof(Alone))]
public sealed class SuiteTests
{
    /// <summary>Ten in the nightly run; two on every commit (each takes some seconds of real heartbeats).</summary>
    private static readonly int Runs = int.Parse(Environment.GetEnvironmentVariable("CONFORMANCE_RUNS") ?? "2", System.Globalization.CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("engine-conformance.mjs", "29 of 29")]
    [InlineData("socket-conformance.mjs", "32 of 32")]
    public async Task Suite_passes_again_and_again(string script, string expected)
    {
        await using var host = await EchoHost.StartAsync();
        for (int i = 0; i < Runs; i++)
            (await Node.RunAsync(script, TimeSpan.FromSeconds(60), host.Url)).ShouldContain(expected);
    }
}

/// <summary>Tests with real heartbeats of some hundred milliseconds don't share the machine with others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
