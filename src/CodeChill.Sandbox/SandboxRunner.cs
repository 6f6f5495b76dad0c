using System.Text;
using CodeChill.Sandbox.Boxes;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;
using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox;

/// <summary>Runs untrusted programs, each in a box of its own. Safe for use by many threads.</summary>
// Theory of operation
//
// A run is one box, or two for a compiled language: one that compiles and leaves an artifact, one that runs it. A box (Boxes/Box.cs) is a bubblewrap process that was
// started as the slot's user (Linux/Launcher.cs) and, while it waits for its options, put into a control group and given its limits. Inside, the program sees a read-only
// /usr, three small memory file systems, its own process, network, ipc and user namespaces, no capability, a system call filter and an environment we wrote.
//
// Nothing of a run exists as a file on the host: source, arguments, filter and artifact travel as sealed memory files, output comes back through two pipes with
// a cap. So there is nothing to clean up, and no path a program could redirect.
//
// Setting a box up takes longer than many programs run, so one of each kind used lately is set up ahead of time and waits for its program (Boxes/BoxPool.cs).
// Compiling is skipped when the same source was compiled before (Boxes/CompileCache.cs), and the slowest compilers wait, started and warm, each in a box of its own that
// serves one owner only (Boxes/WorkerPool.cs).
//
// This process owns: the pool of slots (how many boxes at a time, and under which user id), the control groups (Linux/Cgroups), the compile cache, and one thread
// that starts processes (Linux/Launcher.cs says why). When this process dies, however it dies, a guardian kills the boxes (Linux/Guardian.cs says why the kernel's own
// means are not enough); what even that leaves is swept at the next start.
//
// At start a self-test runs a probe in a box. Until it passes, every run answers SandboxUnavailable: no code path starts a program any other way.
public sealed partial class SandboxRunner : IAsyncDisposable
{
    private readonly SandboxOptions _options;
    private readonly CancellationTokenSource _disposing = new();
    private readonly CompileCache _cache;
    private readonly Compiler _compiler;
    private readonly WorkerPool _workers;
    private readonly BoxPool _boxes;
    private readonly Launcher _launcher = new();
    private readonly Lock _lock = new();
    private Guardian? _guardian;
    private State _state;
    private int _running;
    private TaskCompletionSource? _idle;
    private bool _disposed;
    private string _rootSign = "";
    private Task _watching = Task.CompletedTask;

    private SandboxRunner(SandboxOptions options)
    {
        _options = options;
        _cache = new(options.CompileCacheBytes);
        _boxes = new(options, host => ReferenceEquals(host, _state!.Host));
        _compiler = new(options, _cache, _boxes);
        _workers = new(options, BuildWorkerAsync, PlaceOf);
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
            runner._rootSign = RootFileSystem.SignOf(options);
            await runner.RefreshAsync(cancel);
            if (options.WatchInterval > TimeSpan.Zero) runner._watching = runner.WatchAsync();
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
        _workers.DropOld();
        _boxes.DropOld();
        return _state.Report;
    }

    /// <summary>
    /// Says that programs of a language will come soon (a room of that language was opened): a box is set up for one in the background, and if its compiler is one that waits, one is
    /// started. Returns at once; does nothing while as many programs run as there are processors. A compiler is not started when there is no room: in
    /// <see cref="SandboxOptions.WarmMemoryBytes"/>, or in the machine's memory, of which it would take more than a quarter of what is free.
    /// </summary>
    /// <param name="language">Name or alias; an unknown one is ignored.</param>
    /// <param name="limits">What those programs may use: a box that was set up for other limits is of no use to them. The default ones when <c>null</c>.</param>
    public void Prepare(string language, RunLimits? limits = null)
    {
        if (Expected(language) is not { } expected) return;
        WantBoxes(_state, expected, limits ?? new(), compile: expected.Language.Warm is null);
        if (Preparable(language) is { } toolchain) _workers.Want(toolchain);
    }

    /// <summary>Completes when a box waits for a program of the language; false when there will be none.</summary>
    internal async Task<bool> BoxReadyAsync(string language, RunLimits limits, bool compile = false)
    {
        var state = _state;
        return ToolchainOf(language) is { Info.Available: true } toolchain && state.Host is { } host
            && await _boxes.IsReadyAsync(compile ? BoxStep.OfCompile(toolchain) : BoxStep.OfRun(toolchain, BoxLimits.Of(limits)), host);
    }

    /// <summary>Completes when those that are wanted by now have been set up, or given up.</summary>
    internal Task BoxesSettledAsync() => _boxes.SettledAsync();

    /// <summary>Ends every box that waits.</summary>
    internal Task DropBoxesAsync() => _boxes.DropAsync();

    /// <summary>How many runs and compiles had a box that had waited.</summary>
    internal int BoxesUsed => _boxes.Used;

    /// <summary>Completes when a waiting compiler is ready for anybody; false when there will be none.</summary>
    internal async Task<bool> PreparedAsync(string language) => ToolchainOf(language) is { Info.Available: true } toolchain && await _workers.IsReadyAsync(toolchain);

    /// <summary>Marks of the compilers of a language that wait; each is different.</summary>
    internal IReadOnlyList<object> WaitingProcesses(string language) => ToolchainOf(language) is { } toolchain ? _workers.Waiting(toolchain) : [];

    /// <summary>The toolchain whose compiler <see cref="Prepare"/> would have started now; null when it would do nothing.</summary>
    internal Toolchain? Preparable(string language) =>
        Expected(language) is { Language.Warm: { } warm } toolchain
        && HostCheck.FreeBytes(_options.MemoryInfo()) / 4 >= warm.TypicalBytes
            ? toolchain
            : null;

    /// <summary>The toolchain for whose programs something may be made ready now; null when there is none, or when that would be in the way of those that run.</summary>
    private Toolchain? Expected(string language) =>
        Volatile.Read(ref _running) < Environment.ProcessorCount && ToolchainOf(language) is { Info.Available: true } toolchain ? toolchain : null;

    internal Toolchain? ToolchainOf(string language) => LanguageCatalog.Find(language) is { } known ? _state.Toolchains.GetValueOrDefault(known.Name) : null;

    internal BoxHost? Host => _state.Host;

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
            // Only now: what is for the next one competes with whoever runs.
            if (!result.CompileCached) _workers.Want(toolchain);
            if (request.Terminal is null) WantBoxes(state, toolchain, request.Limits, compile: !result.CompileCached && !result.CompileWarm);
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
        await _watching;
        await _workers.DisposeAsync();
        await _boxes.DisposeAsync();
        if (_guardian is not null) await _guardian.DisposeAsync();
        _launcher.Dispose();
        _cache.Dispose();
        _state.Host?.Seccomp.Dispose();
        _state.Host?.Init?.Dispose();
        _state.Host?.Gate?.Dispose();
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
        CompileOutcome? compiled = null;
        MemoryFile program;
        if (toolchain.Language.Compile is not { } step || Steps.IsPrompt(toolchain.Language, request))
        {
            program = MemoryFile.Create(source);
        }
        else
        {
            compiled = await _compiler.CompileAsync(host, slot, toolchain, step, request, source, sink, _workers, cancel);
            if (compiled.Failure is { } failure)
            {
                return await FinishAsync(sink, new(StopReason.None, true, 0, compiled.Wall, compiled.Cpu, compiled.PeakMemoryBytes, 0, 0), failure) with
                {
                    CompileWall = compiled.Wall,
                    CompileCpu = compiled.Cpu,
                    CompileWarm = compiled.Warm,
                };
            }
            program = compiled.Program!;
        }
        using (program)
        {
            var ports = Steps.Ports(request, sink);
            var limits = BoxLimits.Of(request.Limits);
            var box = request.Terminal is { } terminal
                ? await Box.RunAsync(Steps.RunOnTerminal(toolchain, limits, terminal, Steps.IsPrompt(toolchain.Language, request)), ports, program, host, slot, cancel)
                : await _boxes.RunAsync(BoxStep.OfRun(toolchain, limits), ports, program, host, slot, cancel);
            return await FinishAsync(sink, box, Verdict.Of(box, limits, request.Limits.OutputBytes, sink.Text(OutputStream.Stderr), toolchain.Language)) with
            {
                CompileWall = compiled?.Wall ?? TimeSpan.Zero,
                CompileCpu = compiled?.Cpu ?? TimeSpan.Zero,
                CompileCached = compiled?.Cached ?? false,
                CompileWarm = compiled?.Warm ?? false,
            };
        }
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

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(_options.WatchInterval, _options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_disposing.Token))
            {
                var sign = RootFileSystem.SignOf(_options);
                if (sign == _rootSign) continue;
                _rootSign = sign;
                var report = await RefreshAsync(_disposing.Token);
                Log($"The root file system has changed; available now: {string.Join(", ", report.Languages.Where(l => l.Available).Select(l => l.Name))}");
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The runner is disposed.
        }
    }

    private (BoxHost Host, int? FirstUid)? PlaceOf(Toolchain toolchain) =>
        _state.Host is { } host && _state.Toolchains.Values.Contains(toolchain)
            ? (host, _state.Report.SeparateUsers ? _options.FirstUid + _options.MaxParallelRuns : null)
            : null;

    private async Task<MemoryFile?> BuildWorkerAsync(Toolchain toolchain, CancellationToken cancel)
    {
        var state = _state;
        if (state.Host is not { } host) return null;
        var slot = await state.Slots.TakeAsync(cancel);
        try
        {
            return await _compiler.BuildAsync(host, slot, toolchain, toolchain.Language.Warm!.Build, toolchain.Language.Warm.Source(), cancel);
        }
        catch (IOException e)
        {
            Log($"A box could not be started: {e.Message}");
            return null;
        }
        finally
        {
            state.Slots.Return(slot);
        }
    }

    private void WantBoxes(State state, Toolchain toolchain, RunLimits limits, bool compile)
    {
        if (state.Host is not { } host) return;
        _boxes.Want(BoxStep.OfRun(toolchain, BoxLimits.Of(limits)), host);
        if (compile && toolchain.Language.Compile is not null) _boxes.Want(BoxStep.OfCompile(toolchain), host);
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
}
