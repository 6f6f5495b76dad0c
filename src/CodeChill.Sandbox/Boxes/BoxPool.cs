using System.Threading.Channels;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>All that a box must know to be set up before its program is there.</summary>
/// <param name="Run">Limits of a program, except for its wall time; null for the compile step, which has its language's.</param>
internal readonly record struct BoxStep(Toolchain Toolchain, BoxLimits? Run)
{
    public static BoxStep OfRun(Toolchain toolchain, BoxLimits limits) => new(toolchain, limits with { Wall = TimeSpan.Zero });

    public static BoxStep OfCompile(Toolchain toolchain) => new(toolchain, null);

    public BoxSpec Spec => Run is { } limits ? Steps.Run(Toolchain, limits) : Steps.Compile(Toolchain, Toolchain.Language.Compile!);

    public bool Is(BoxStep other) => ReferenceEquals(Toolchain, other.Toolchain) && Run == other.Run;
}

/// <summary>
/// Boxes that were set up ahead of time: one for each kind of step used lately. No program has run in them and none of anybody's text is in them, so any of them
/// may go to anybody; each is used once. One is set up after a run, not during it. The longest unused makes place for another kind.
/// </summary>
internal sealed class BoxPool : IAsyncDisposable
{
    private readonly SandboxOptions _options;
    private readonly int _capacity;
    private readonly Func<BoxHost, bool> _isCurrent;
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly Stack<int> _users;
    private readonly Channel<Func<Task>> _work = Channel.CreateBounded<Func<Task>>(64);
    private readonly Task _worker;
    private int _ending;
    private TaskCompletionSource? _ended;
    private bool _disposed;

    /// <param name="isCurrent">Whether boxes are still made like this.</param>
    public BoxPool(SandboxOptions options, Func<BoxHost, bool> isCurrent)
    {
        _options = options;
        _capacity = options.PreparedBoxes;
        _isCurrent = isCurrent;
        _users = new(Enumerable.Range(0, _capacity + options.MaxParallelRuns).Reverse());
        _worker = WorkAsync();
    }

    /// <summary>Steps that had a box that had waited.</summary>
    public int Used { get; private set; }

    /// <summary>Runs a step in a box that waits for it, or else in one that is set up now.</summary>
    /// <exception cref="IOException">No process or no control group could be made.</exception>
    public async Task<BoxOutcome> RunAsync(BoxStep step, BoxPorts ports, MemoryFile program, BoxHost host, Slot slot, CancellationToken cancel)
    {
        if (TryTake(step) is { } box)
        {
            try
            {
                if (box.TryGive(program)) return await box.RunAsync(ports, cancel);
            }
            finally
            {
                // Whoever waits for the result need not wait for this.
                _ = EndAsync(box);
            }
            _options.Log?.Invoke("A box that waited for a program was gone when it came.");
        }
        return await Box.RunAsync(step.Spec, ports, program, host, slot, cancel);
    }

    /// <summary>Such steps are in use: have a box ready for the next.</summary>
    public void Want(BoxStep step, BoxHost host)
    {
        if (_capacity > 0 && host.Gate is not null && host.Cgroups.Kind != LimitEnforcement.Rlimits) _work.Writer.TryWrite(() => StartAsync(step, host));
    }

    /// <summary>Completes when a box is set up for such a step; false when there will be none.</summary>
    public async Task<bool> IsReadyAsync(BoxStep step, BoxHost host)
    {
        Want(step, host);
        await SettledAsync();
        Box? box;
        lock (_lock) box = _entries.Find(e => e.Step.Is(step))?.Box;
        return box is not null && await box.IsSetUpAsync();
    }

    /// <summary>Completes when what is wanted by now was done.</summary>
    public Task SettledAsync() => AfterWorkAsync(() => { });

    /// <summary>Ends those that are made as no box is any more.</summary>
    public void DropOld() => End(e => !_isCurrent(e.Host));

    /// <summary>Ends all, those that are only wanted as well.</summary>
    public async Task DropAsync()
    {
        await AfterWorkAsync(() => End(_ => true));
        await AllEndedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _disposed = true;
        _work.Writer.TryComplete();
        await _worker;
        End(_ => true);
        await AllEndedAsync();
    }

    private async Task WorkAsync()
    {
        await foreach (var work in _work.Reader.ReadAllAsync()) await work();
    }

    private async Task AfterWorkAsync(Action then)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _work.Writer.WriteAsync(() =>
        {
            then();
            done.SetResult();
            return Task.CompletedTask;
        });
        await done.Task;
    }

    private Box? TryTake(BoxStep step)
    {
        lock (_lock)
        {
            var at = _entries.FindIndex(e => e.Step.Is(step));
            if (at < 0) return null;
            var box = _entries[at].Box;
            _entries.RemoveAt(at);
            if (!box.Waits)
            {
                Forget(box);
                return null;
            }
            Used++;
            _ending++;
            return box;
        }
    }

    private async Task StartAsync(BoxStep step, BoxHost host)
    {
        int user;
        lock (_lock)
        {
            if (_disposed || !_isCurrent(host)) return;
            if (_entries.FindIndex(e => e.Step.Is(step)) is >= 0 and var at)
            {
                // The last one is the one used last.
                var known = _entries[at];
                _entries.RemoveAt(at);
                if (known.Box.Waits)
                {
                    _entries.Add(known);
                    return;
                }
                Forget(known.Box);
            }
            while (_entries.Count >= _capacity)
            {
                Forget(_entries[0].Box);
                _entries.RemoveAt(0);
            }
            if (!_users.TryPop(out user)) return;
        }
        try
        {
            int? uid = _options.FirstUid + _options.MaxParallelRuns + WorkerPool.MaxWorkers + user;
            var box = await Box.StartAsync(step.Spec, null, host, new(user, Native.EffectiveUserId() == 0 ? uid : null));
            lock (_lock) _entries.Add(new(step, host, box));
        }
        catch (IOException e)
        {
            _options.Log?.Invoke($"A box could not be set up ahead of time: {e.Message}");
            lock (_lock) _users.Push(user);
        }
    }

    private void End(Predicate<Entry> which)
    {
        lock (_lock)
        {
            foreach (var entry in _entries.FindAll(which)) Forget(entry.Box);
            _entries.RemoveAll(which);
        }
    }

    /// <summary>Called with the lock held.</summary>
    private void Forget(Box box)
    {
        _ending++;
        _ = EndAsync(box);
    }

    private async Task EndAsync(Box box)
    {
        await Task.Yield(); // possibly called with the lock held
        await box.DisposeAsync();
        lock (_lock)
        {
            _users.Push(box.Slot.Index);
            if (--_ending > 0) return;
            _ended?.SetResult();
            _ended = null;
        }
    }

    private Task AllEndedAsync()
    {
        lock (_lock)
        {
            if (_ending == 0) return Task.CompletedTask;
            _ended ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _ended.Task;
        }
    }

    private sealed record Entry(BoxStep Step, BoxHost Host, Box Box);
}
