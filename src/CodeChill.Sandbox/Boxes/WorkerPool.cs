using System.Threading.Channels;
using CodeChill.Sandbox.Languages;
using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>
/// The compilers that wait (<see cref="CompileWorker"/>): at most one new one per language, and those that belong to an owner. They are started in the background, one at
/// a time, only for languages that are used, and only while all of them together stay within a number of bytes; when there is no room, one that nobody has used for a minute
/// makes place.
/// </summary>
internal sealed class WorkerPool : IAsyncDisposable
{
    /// <summary>Each has a host user id of its own, behind those of the run slots.</summary>
    public const int MaxWorkers = 4;

    private static readonly TimeSpan s_evictable = TimeSpan.FromMinutes(1);

    private readonly SandboxOptions _options;
    private readonly long _capacity;
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<Toolchain, MemoryFile?> _programs = [];
    private readonly Stack<int> _slots = new(Enumerable.Range(0, MaxWorkers).Reverse());
    private readonly Channel<Toolchain> _wanted = Channel.CreateBounded<Toolchain>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Func<Toolchain, CancellationToken, Task<MemoryFile?>> _build;
    private readonly Func<Toolchain, (BoxHost Host, int? FirstUid)?> _host;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Task _starter;
    private TaskCompletionSource? _changed;

    /// <param name="build">Compiles a language's worker; null when its toolchain cannot.</param>
    /// <param name="host">Where to run one, or null when the toolchain is no longer in use.</param>
    public WorkerPool(SandboxOptions options, Func<Toolchain, CancellationToken, Task<MemoryFile?>> build, Func<Toolchain, (BoxHost Host, int? FirstUid)?> host)
    {
        _options = options;
        _capacity = options.WarmMemoryBytes;
        _build = build;
        _host = host;
        _starter = _capacity == 0 ? Task.CompletedTask : StartLoopAsync();
    }

    /// <summary>A worker that is ready and clean for this owner; null when there is none, then a cold compiler is quicker than waiting.</summary>
    public CompileWorker? TryTake(Toolchain toolchain, string? owner)
    {
        lock (_lock)
        {
            var entry = _entries.Find(e => Fits(e) && owner is not null && e.Worker.Owner == owner) ?? _entries.Find(e => Fits(e) && e.Worker.Owner is null);
            if (entry is null) return null;
            entry.Busy = true;
            return entry.Worker;
        }

        bool Fits(Entry e) => !e.Busy && ReferenceEquals(e.Worker.Toolchain, toolchain) && e.Worker.IsAlive && e.Worker.Ready is { IsCompletedSuccessfully: true } ready && ready.GetAwaiter().GetResult();
    }

    /// <summary>After a job: kept for its owner, or thrown away.</summary>
    public void Return(CompileWorker worker)
    {
        lock (_lock)
        {
            var entry = _entries.Find(e => ReferenceEquals(e.Worker, worker));
            if (entry is null) return;
            if (worker.IsReusable)
            {
                entry.Busy = false;
                entry.LastUse = _options.Time.GetTimestamp();
                return;
            }
        }
        _ = worker.DisposeAsync().AsTask();
    }

    /// <summary>The language is in use: have a new worker ready for whoever comes next.</summary>
    public void Want(Toolchain toolchain)
    {
        if (_capacity > 0 && toolchain.Language.Warm is not null) _wanted.Writer.TryWrite(toolchain);
    }

    /// <summary>Completes when a new worker of the language waits; false when there is no room for one, or it does not come up.</summary>
    public async Task<bool> IsReadyAsync(Toolchain toolchain)
    {
        // Another language's start may be what has changed, so more than one look.
        for (var attempt = 0; attempt < 8 && !_starter.IsCompleted; attempt++)
        {
            Task<bool>? ready;
            lock (_lock) ready = _entries.Find(e => !e.Busy && ReferenceEquals(e.Worker.Toolchain, toolchain) && e.Worker.Owner is null && e.Worker.IsAlive)?.Worker.Ready;
            if (ready is not null) return await ready;
            Task changed;
            lock (_lock) changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            Want(toolchain);
            await changed;
        }
        return false;
    }

    public IReadOnlyList<object> Waiting(Toolchain toolchain)
    {
        lock (_lock) return [.. _entries.Where(e => !e.Busy && e.Worker.IsAlive && ReferenceEquals(e.Worker.Toolchain, toolchain)).Select(e => e.Worker)];
    }

    /// <summary>Ends those whose toolchain is no longer the one in use.</summary>
    public void DropOld()
    {
        CompileWorker[] old;
        lock (_lock) old = [.. _entries.Where(e => !e.Busy && _host(e.Worker.Toolchain) is null).Select(e => e.Worker)];
        foreach (var worker in old) _ = worker.DisposeAsync().AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        _wanted.Writer.TryComplete();
        await _disposing.CancelAsync();
        await _starter;
        CompileWorker[] all;
        lock (_lock) all = [.. _entries.Select(e => e.Worker)];
        foreach (var worker in all) await worker.DisposeAsync();
        foreach (var program in _programs.Values) program?.Dispose();
        _disposing.Dispose();
    }

    private async Task StartLoopAsync()
    {
        try
        {
            await foreach (var toolchain in _wanted.Reader.ReadAllAsync(_disposing.Token))
            {
                await StartAsync(toolchain);
                TaskCompletionSource? changed;
                lock (_lock) (changed, _changed) = (_changed, null);
                changed?.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // The runner is disposed.
        }
        TaskCompletionSource? last;
        lock (_lock) last = _changed;
        last?.TrySetResult();
    }

    private async Task StartAsync(Toolchain toolchain)
    {
        if (_host(toolchain) is not { } place) return;
        var warm = toolchain.Language.Warm!;
        lock (_lock)
        {
            if (_entries.Exists(e => ReferenceEquals(e.Worker.Toolchain, toolchain) && e.Worker.Owner is null && !e.Busy && e.Worker.IsAlive)) return;
        }
        if (!await MakeRoomAsync(warm.TypicalBytes)) return;
        if (!_programs.TryGetValue(toolchain, out var program)) _programs[toolchain] = program = await _build(toolchain, _disposing.Token);
        foreach (var old in _programs.Keys.Where(t => _host(t) is null).ToArray())
        {
            if (_programs.Remove(old, out var unused)) unused?.Dispose();
        }
        if (program is null) return;
        CompileWorker worker;
        lock (_lock)
        {
            if (!_slots.TryPop(out var index)) return;
            worker = new(toolchain, program, place.Host, new Slot(index, place.FirstUid + index), _options.WarmIdle);
            _entries.Add(new(worker) { LastUse = _options.Time.GetTimestamp(), Forgotten = ForgetAtEndAsync(worker) });
        }
        // One warms up at a time: it is work for the future, and somebody's run is going on now.
        await Task.WhenAny(worker.Ready, worker.Ended);
    }

    private async Task ForgetAtEndAsync(CompileWorker worker)
    {
        await Task.Yield(); // called with the lock held
        try
        {
            await worker.Ended;
        }
        catch (IOException e)
        {
            _options.Log?.Invoke($"A warm compiler could not be started: {e.Message}");
        }
        lock (_lock)
        {
            _entries.RemoveAll(e => ReferenceEquals(e.Worker, worker));
            _slots.Push(worker.Slot.Index);
        }
    }

    private async Task<bool> MakeRoomAsync(long bytes)
    {
        while (true)
        {
            Entry? oldest;
            lock (_lock)
            {
                if (_entries.Sum(e => e.Worker.Toolchain.Language.Warm!.TypicalBytes) + bytes <= _capacity && _slots.Count > 0) return true;
                oldest = _entries.Where(e => !e.Busy && _options.Time.GetElapsedTime(e.LastUse) >= s_evictable).MinBy(e => e.LastUse);
            }
            if (oldest is null) return false;
            await oldest.Worker.DisposeAsync();
            await oldest.Forgotten;
        }
    }

    private sealed class Entry(CompileWorker worker)
    {
        public CompileWorker Worker => worker;

        public bool Busy { get; set; }

        public long LastUse { get; set; }

        /// <summary>The worker is gone, from here as well.</summary>
        public required Task Forgotten { get; init; }
    }
}
