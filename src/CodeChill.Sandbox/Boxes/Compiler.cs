using System.Text;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>What a compile step came to: a program (the caller disposes it), or the verdict that says why there is none.</summary>
internal sealed record CompileOutcome(MemoryFile? Program, Verdict? Failure, TimeSpan Wall, TimeSpan Cpu, long PeakMemoryBytes)
{
    public bool Cached { get; init; }

    public bool Warm { get; init; }
}

/// <summary>The compile step: from the cache, by a compiler that waits, or by one started for it.</summary>
internal sealed class Compiler(SandboxOptions options, CompileCache cache, BoxPool boxes)
{
    public async Task<CompileOutcome> CompileAsync(
        BoxHost host, Slot slot, Toolchain toolchain, CompileStep step, RunRequest request, byte[] source, OutputSink sink, WorkerPool workers, CancellationToken cancel)
    {
        var key = CompileCache.KeyOf(toolchain.Language, toolchain.Info.Version, request.Source);
        if (cache.Find(key) is { } known)
        {
            if (known.Output.Length > 0) await sink.AddAsync(OutputStream.Compile, Encoding.UTF8.GetBytes(known.Output));
            return new(known.Program, null, TimeSpan.Zero, TimeSpan.Zero, 0) { Cached = true };
        }
        var made = workers.TryTake(toolchain, request.Owner) is { } worker
            ? await WarmAsync(worker, workers, toolchain, step, request.Owner, source, sink, host.Time, cancel)
            : null;
        // A compiler that broke without reaching a limit may have been the wrong one to ask.
        made ??= await ColdAsync(host, slot, toolchain, step, source, sink, cancel);
        if (made.Program is { } program) cache.Add(key, new(program, sink.Text(OutputStream.Compile)));
        return made;
    }

    /// <summary>Compiles something of ours; null when it does not compile.</summary>
    public async Task<MemoryFile?> BuildAsync(BoxHost host, Slot slot, Toolchain toolchain, CompileStep step, byte[] source, CancellationToken cancel)
    {
        await using var sink = new OutputSink(null, 0, options.CompileOutputBytes, options.GatherInterval, options.Time);
        var made = await ColdAsync(host, slot, toolchain, step, source, sink, cancel);
        if (made.Program is null && !cancel.IsCancellationRequested) options.Log?.Invoke($"The waiting compiler for {toolchain.Language.DisplayName} cannot be built: {sink.Text(OutputStream.Compile).Trim()}");
        return made.Program;
    }

    private async Task<CompileOutcome?> WarmAsync(
        CompileWorker worker, WorkerPool workers, Toolchain toolchain, CompileStep step, string? owner, byte[] source, OutputSink sink, TimeProvider time, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        WorkerAnswer answer;
        try
        {
            answer = await worker.CompileAsync(source, owner, options.CompileOutputBytes, cancel);
        }
        finally
        {
            workers.Return(worker);
        }
        var wall = time.GetElapsedTime(start);
        if (answer.Outcome is { } box)
        {
            if (box.Stop == StopReason.None && box.OutOfMemoryKills == 0) return null;
            // It ran into a limit, or broke: to the program's author that is no different from a compiler that was started for it.
            return new(null, Reword(Verdict.Of(box with { Wall = wall }, step.Limits, options.CompileOutputBytes, "", toolchain.Language)), wall, answer.Cpu, box.PeakMemoryBytes) { Warm = true };
        }
        if (answer.Text.Length > 0) await sink.AddAsync(OutputStream.Compile, answer.Text);
        if (answer.Truncated) await sink.AddAsync(OutputStream.Compile, "…\n"u8.ToArray());
        if (answer.Code == 0) return new(MemoryFile.Create(answer.Program), null, wall, answer.Cpu, 0) { Warm = true };
        return new(null, new(RunStatus.CompileError, answer.Code & 0xff, null, "The program could not be compiled."), wall, answer.Cpu, 0) { Warm = true };
    }

    private async Task<CompileOutcome> ColdAsync(BoxHost host, Slot slot, Toolchain toolchain, CompileStep step, byte[] source, OutputSink sink, CancellationToken cancel)
    {
        using var sourceFile = MemoryFile.Create(source);
        var program = MemoryFile.Create();
        try
        {
            var ports = new BoxPorts
            {
                OnStdout = bytes =>
                {
                    if (program.Length + bytes.Length > step.Limits.FileBytes) return new(false);
                    program.Append(bytes.Span);
                    return new(true);
                },
                OnStderr = bytes => sink.AddAsync(OutputStream.Compile, bytes),
            };
            var box = step == toolchain.Language.Compile
                ? await boxes.RunAsync(BoxStep.OfCompile(toolchain), ports, sourceFile, host, slot, cancel)
                : await Box.RunAsync(Steps.Compile(toolchain, step), ports, sourceFile, host, slot, cancel);
            var verdict = Verdict.Of(box, step.Limits, options.CompileOutputBytes, "", toolchain.Language);
            if (verdict.Status != RunStatus.Success) return new(null, Reword(verdict), box.Wall, box.Cpu, box.PeakMemoryBytes);
            program.Seal();
            (var made, program) = (program, null);
            return new(made, null, box.Wall, box.Cpu, box.PeakMemoryBytes);
        }
        finally
        {
            program?.Dispose();
        }
    }

    private static Verdict Reword(Verdict verdict)
    {
        if (verdict.Status is RunStatus.Cancelled or RunStatus.SandboxUnavailable) return verdict;
        var message = verdict.Status == RunStatus.RuntimeError && verdict.Signal is null
            ? "The program could not be compiled."
            : "The program could not be compiled: " + verdict.Message.Replace("The program", "the compiler", StringComparison.Ordinal);
        return verdict with { Status = RunStatus.CompileError, Message = message };
    }
}
