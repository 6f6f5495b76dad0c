using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CodeChill.Text.InnerBench;

// The inner paths with their allocations, in this process: a short job, because the machine may be shared.
BenchmarkRunner.Run<InnerPaths>(
    DefaultConfig.Instance
        .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
        .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "codechill-text-inner")),
    args);
