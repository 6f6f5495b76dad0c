using System.Text;
using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox;

/// <summary>Runs untrusted programs, each in a box of its own. Safe for use by many threads.</summary>
// Theory of operation
//
// A run is one box, or two for a compiled language: one that compiles and leaves an artifact, one that runs it. A box (Boxes/Box.cs) is a chain of
// processes, each replacing the one before: sh (joins the control groups, opens descriptors), setpriv (drops to the slot's user), prlimit, bubblewrap. Inside, the
// program sees a read-only /usr, three small memory file systems, its own process, network, ipc and user namespaces, no capability, a system call filter and an
// environment we wrote.
//
// Nothing of a run exists as a file on the host: source, arguments, filter and artifact travel as sealed memory files, output comes back through two pipes with
// a cap. So there is nothing to clean up, and no path a program could redirect.
//
// This process owns: the pool of slots (how many boxes at a time, and under which user id), the control groups (Linux/Cgroups), the compile cache, and one thread
// that starts processes (Linux/Launcher.cs says why). When this process dies, however it dies, a guardian kills the boxes (Linux/Guardian.cs says why the kernel's own
// means are not enough); what even that leaves is swept at the next start.
//
// At start a self-test runs a probe in a box. Until it passes, every run answers SandboxUnavailable: no code path starts a program any other way.
public sealed class SandboxRunner : IAsyncDisposable
{
    private readonly SandboxOptions _options;
    private readonly CancellationTokenSource _disposing = new();
    private readonly CompileCache _cache;
    private readonly Launcher _launcher = new();
    private readonly Lock _lock = new();
    private Guardian? _guardian;
    private State _state;
    private int _running;
    private TaskCompletionSource? _idle;
    private bool _disposed;

    private SandboxRunner(SandboxOptions options)
    {
        _options = options;
        _cache = new(options.CompileCacheBytes);
        _state = State.Unavailable(new("The self-test has not run.", "", Fatal: true));
    }

    /// <summary>What the last self-test found.</summary>
    public HostReport Report => _state.Report;

    /// <summary>How the names of this runner's control groups begin; null when there are none.</summary>
    internal string? ControlGroupStem => _state.Host?.Cgroups.Stem;

    /// <summary>Every known language, available or not.</summary>
    public IReadOnlyList<LanguageInfo> Languages => _state.Report.Languages;

    /// <summary>Makes a runner and tests this machine. A machine on which nothing can run is not an error here: see <see cref="Report"/>.</summary>
    /// <param name="options">Settings; read once.</param>
    /// <param name="cancel">Gives up the self-test.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">The self-test was given up.</exception>
    public static async Task<SandboxRunner> CreateAsync(SandboxOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new();
        options.Validate();
        var runner = new SandboxRunner(options);
        try
        {
            await runner.RefreshAsync(cancel);
            return runner;
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tests the machine again, for example after a root file system was built; runs in progress are not disturbed.</summary>
    /// <param name="cancel">Gives up the self-test; the last report stays.</param>
    /// <returns>The new report.</returns>
    public async Task<HostReport> RefreshAsync(CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _disposing.Token);
        _state = await ExamineAsync(_state, both.Token);
        if (!_state.Report.Available) Log($"Execution is unavailable: {_state.Report.Reason}");
        return _state.Report;
    }

    /// <summary>
    /// Runs a program to its end and tells what came of it. Waits for a free slot first. Whatever the program does is a result, not an exception.
    /// </summary>
    /// <param name="request">The program, its input and limits.</param>
    /// <param name="onOutput">
    /// Receives output while the program runs, one chunk at a time, in order. While it has not returned, the program's further output waits (and, when
    /// the pipe is full, the program); when it has not returned 5 seconds after the end of the run, it is not called again, and the result lacks what came after.
    /// When it throws, the run is ended and the exception thrown from here.
    /// </param>
    /// <param name="cancel">Ends the run; the result then has status <see cref="RunStatus.Cancelled"/> and the output so far.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The language is not known, or the source is too large.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The runner was disposed before the call.</exception>
    public async Task<RunResult> RunAsync(RunRequest request, Func<OutputChunk, ValueTask>? onOutput = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Limits.Validate();
        request.Terminal?.Validate();
        var language = LanguageCatalog.Find(request.Language) ?? throw new ArgumentException($"There is no language '{request.Language}'.", nameof(request));
        var source = Encoding.UTF8.GetBytes(request.Source);
        if (source.Length > _options.MaxSourceBytes)
        {
            throw new ArgumentException($"The source has {source.Length} bytes; allowed are {_options.MaxSourceBytes}.", nameof(request));
        }

        Enter();
        try
        {
            var state = _state;
            if (state.Host is null) return Refuse(state.Report.Reason!);
            var toolchain = state.Toolchains[language.Name];
            if (!toolchain.Info.Available) return Refuse($"{language.DisplayName} is not available: {toolchain.Info.Reason}");

            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _disposing.Token);
            await using var sink = new OutputSink(onOutput, request.Limits.OutputBytes, _options.CompileOutputBytes, _options.GatherInterval, _options.Time);
            var result = await InSlotAsync(state, toolchain, request, source, sink, both.Token);
            if (sink.ReceiverError is { } error) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
            return result;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends every run (status <see cref="RunStatus.Cancelled"/>) and waits until nothing of them is left.</summary>
    public async ValueTask DisposeAsync()
    {
        Task idle;
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running == 0) _idle.SetResult();
            idle = _idle.Task;
        }
        await _disposing.CancelAsync();
        await idle;
        if (_guardian is not null) await _guardian.DisposeAsync();
        _launcher.Dispose();
        _cache.Dispose();
        _state.Host?.Seccomp.Dispose();
        _disposing.Dispose();
    }

    private static RunResult Refuse(string message) => new() { Status = RunStatus.SandboxUnavailable, Message = message };

    private async Task<RunResult> InSlotAsync(
        State state, Toolchain toolchain, RunRequest request, byte[] source, OutputSink sink, CancellationToken cancel)
    {
        Slot slot;
        try
        {
            slot = await state.Slots.TakeAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return new() { Status = RunStatus.Cancelled, Message = "The run was stopped before it started." };
        }
        try
        {
            return await CompileAndRunAsync(state.Host!, slot, toolchain, request, source, sink, cancel);
        }
        catch (IOException e)
        {
            // Not the program's doing: no process or no control group could be made.
            Log($"A box could not be started: {e.Message}");
            return Refuse("The sandbox could not be started for this run.");
        }
        finally
        {
            state.Slots.Return(slot);
        }
    }

    private async Task<RunResult> CompileAndRunAsync(
        BoxHost host, Slot slot, Toolchain toolchain, RunRequest request, byte[] source, OutputSink sink, CancellationToken cancel)
    {
        var language = toolchain.Language;
        var cached = false;
        var compileWall = TimeSpan.Zero;
        MemoryFile program;
        if (language.Compile is not { } step || Steps.IsPrompt(language, request))
        {
            program = MemoryFile.Create(source);
        }
        else
        {
            var key = CompileCache.KeyOf(language, toolchain.Info.Version, request.Source);
            if (_cache.Find(key) is { } known)
            {
                cached = true;
                program = known.Program;
                if (known.Output.Length > 0) await sink.AddAsync(OutputStream.Compile, Encoding.UTF8.GetBytes(known.Output));
            }
            else
            {
                var (made, failure, wall) = await CompileAsync(host, slot, toolchain, step, source, sink, cancel);
                if (made is null) return failure!;
                compileWall = wall;
                program = made;
                _cache.Add(key, new(made, sink.Text(OutputStream.Compile)));
            }
        }
        using (program)
        {
            var spec = Steps.Run(toolchain, program, request, sink);
            var box = await Box.RunAsync(spec, host, slot, cancel);
            return await FinishAsync(sink, box, Verdict.Of(box, spec.Limits, request.Limits.OutputBytes, sink.Text(OutputStream.Stderr), language)) with
            {
                CompileWall = compileWall,
                CompileCached = cached,
            };
        }
    }

    /// <summary>Either a program or the result that says why there is none.</summary>
    private async Task<(MemoryFile? Program, RunResult? Failure, TimeSpan Wall)> CompileAsync(
        BoxHost host, Slot slot, Toolchain toolchain, CompileStep step, byte[] source, OutputSink sink, CancellationToken cancel)
    {
        using var sourceFile = MemoryFile.Create(source);
        var program = MemoryFile.Create();
        try
        {
            var spec = Steps.Compile(
                toolchain, step, sourceFile,
                bytes =>
                {
                    if (program.Length + bytes.Length > step.Limits.FileBytes) return new(false);
                    program.Append(bytes.Span);
                    return new(true);
                },
                bytes => sink.AddAsync(OutputStream.Compile, bytes));
            var box = await Box.RunAsync(spec, host, slot, cancel);
            var verdict = Verdict.Of(box, spec.Limits, _options.CompileOutputBytes, "", toolchain.Language);
            if (verdict.Status == RunStatus.Success)
            {
                program.Seal();
                (var made, program) = (program, null);
                return (made, null, box.Wall);
            }
            if (verdict.Status is not (RunStatus.Cancelled or RunStatus.SandboxUnavailable))
            {
                verdict = verdict with { Status = RunStatus.CompileError, Message = Reword(verdict) };
            }
            return (null, await FinishAsync(sink, box, verdict) with { CompileWall = box.Wall }, box.Wall);
        }
        finally
        {
            program?.Dispose();
        }

        static string Reword(Verdict verdict) => verdict.Status == RunStatus.RuntimeError && verdict.Signal is null
            ? "The program could not be compiled."
            : "The program could not be compiled: " + verdict.Message.Replace("The program", "the compiler", StringComparison.Ordinal);
    }

    private static async Task<RunResult> FinishAsync(OutputSink sink, BoxOutcome box, Verdict verdict)
    {
        await sink.CompleteAsync();
        return new()
        {
            Status = verdict.Status,
            ExitCode = verdict.ExitCode,
            Signal = verdict.Signal,
            Stdout = sink.Text(OutputStream.Stdout),
            Stderr = sink.Text(OutputStream.Stderr),
            CompileOutput = sink.Text(OutputStream.Compile),
            Truncated = sink.Truncated,
            Wall = box.Wall,
            Cpu = box.Cpu,
            PeakMemoryBytes = box.PeakMemoryBytes,
            Message = verdict.Message,
        };
    }

    private async Task<State> ExamineAsync(State before, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux()) return State.Unavailable(new("The sandbox needs Linux.", "Run the server on Linux.", Fatal: true));
        if (SyscallTable.Current is not { } table)
        {
            return State.Unavailable(new($"There is no system call table for {System.Runtime.InteropServices.RuntimeInformation.OSArchitecture}.", "Use an x86-64 or arm64 machine.", Fatal: true));
        }
        var root = Native.EffectiveUserId() == 0;
        if (HostTools.Find(root, out var problem) is not { } tools) return State.Unavailable(problem!);
        try
        {
            var cgroups = before.Host?.Cgroups ?? (_options.UseCgroups
                ? CgroupHost.Detect(await File.ReadAllTextAsync("/proc/mounts", cancel), await File.ReadAllTextAsync("/proc/self/cgroup", cancel))
                : CgroupHost.None("turned off by the settings"));
            cgroups.SweepLeftovers();
            if (before.Host is null && _guardian is not null) await _guardian.DisposeAsync(); // of an earlier self-test that failed
            var host = new BoxHost(
                tools, RootFileSystem.Find(_options), cgroups, before.Host?.Seccomp ?? MemoryFile.Create(SeccompFilter.Build(table)), _launcher,
                before.Host?.Guardian ?? (_guardian = new Guardian(_launcher, cgroups.Prefixes)), _options.Time, Log);
            var slots = before.Host is null ? new SlotPool(_options.MaxParallelRuns, root ? _options.FirstUid : null) : before.Slots;
            return await ProbeAsync(host, slots, root, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return State.Unavailable(new($"The self-test failed: {e.Message}", "See the message.", Fatal: true));
        }
    }

    private async Task<State> ProbeAsync(BoxHost host, SlotPool slots, bool root, CancellationToken cancel)
    {
        var problems = new List<HostProblem>();
        if (await InSlot(s => HostCheck.ProbeAsync(host, s, cancel)) is { } broken) return State.Unavailable(broken);
        if (host.Cgroups.Why is { } why)
        {
            problems.Add(new(
                $"Memory, CPU and process limits are per process and sampled, because no control groups can be used ({why}).",
                "Run as root, or as a systemd service with Delegate=yes.", Fatal: false));
        }
        if (!root) problems.Add(new("All runs share one host user.", "Run the server as root; it drops to a separate user for each run.", Fatal: false));
        var toolchains = await Task.WhenAll(LanguageCatalog.All.Select(l => InSlot(s => HostCheck.ProbeAsync(l, host, s, cancel))));
        var report = new HostReport
        {
            Available = true,
            Problems = problems,
            Limits = host.Cgroups.Kind,
            SeparateUsers = root,
            BubblewrapVersion = await VersionAsync(host.Tools.Bubblewrap, cancel),
            RootPath = host.Root.Path,
            Languages = [.. toolchains.Select(t => t.Info)],
        };
        return new(report, host, slots, toolchains.ToDictionary(t => t.Language.Name, StringComparer.Ordinal));

        async Task<T> InSlot<T>(Func<Slot, Task<T>> work)
        {
            var slot = await slots.TakeAsync(cancel);
            try
            {
                return await work(slot);
            }
            finally
            {
                slots.Return(slot);
            }
        }
    }

    private async Task<string?> VersionAsync(string bubblewrap, CancellationToken cancel)
    {
        using var process = await _launcher.StartAsync(new(bubblewrap, "--version") { RedirectStandardOutput = true });
        var text = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return text.Trim().Split(' ').LastOrDefault();
    }

    private void Log(string line) => _options.Log?.Invoke(line);

    private void Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _running++;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_running == 0) _idle?.TrySetResult();
        }
    }

    /// <summary>What a self-test leaves; runs take one snapshot of it.</summary>
    private sealed record State(HostReport Report, BoxHost? Host, SlotPool Slots, IReadOnlyDictionary<string, Toolchain> Toolchains)
    {
        public static State Unavailable(HostProblem problem) => new(
            new()
            {
                Available = false,
                Reason = problem.Problem,
                Problems = [problem],
                Languages = [.. LanguageCatalog.All.Select(l => l.Describe(null, problem.Problem))],
            },
            null, new SlotPool(1, null), new Dictionary<string, Toolchain>());
    }
}
