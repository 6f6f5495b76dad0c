using System.Collections.Concurrent;
using CodeChill.SocketIO.Engine;

namespace CodeChill.SocketIO.EventLoop;

/// <summary>
/// A thread that waits for its descriptors and serves those that are ready. Theory of operation: one turn reads from every ready connection
/// and hands on what came, then writes. While a server is quiet a turn has one event, whose answers leave without any thread in between; while
/// it is busy a turn has many, and what they caused for one connection leaves with one system call. So neither case has to be told apart.
/// Loops live as long as the process: connections outlive the listener they came through.
/// </summary>
internal sealed unsafe class Loop
{
    private const int EventsPerTurn = 256;
    private const int WakeSlot = 0;

    private static readonly Lazy<Loop[]> Shared = new(static () => [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, 16)).Select(static i => new Loop(i))]);
    private static int s_next;

    private readonly int _epoll = Libc.CreateEpoll();
    private readonly int _wake = Libc.CreateEvent();
    private readonly ConcurrentQueue<(Action<object> Action, object State)> _posted = new();
    private readonly List<int> _free = [];
    private readonly List<int> _freed = [];
    private LoopSource?[] _sources = new LoopSource?[64];
    private int _used = 1;
    private int _signalled;

    private Loop(int index)
    {
        Libc.Control(_epoll, Libc.EpollAdd, _wake, Libc.EpollIn, WakeSlot);
        new Thread(Run) { IsBackground = true, Name = $"Socket.IO loop {index}" }.UnsafeStart();
    }

    /// <summary>Where sources receive; its content is only valid until they return.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);

    public static Loop Next() => Shared.Value[(int)((uint)Interlocked.Increment(ref s_next) % (uint)Shared.Value.Length)];

    /// <summary>Runs something on the loop's thread, soon; from any thread.</summary>
    public void Post(Action<object> action, object state)
    {
        _posted.Enqueue((action, state));
        if (Interlocked.Exchange(ref _signalled, 1) == 0) Libc.Signal(_wake);
    }

    /// <summary>Starts to watch a descriptor. On the loop's thread, like all that follows.</summary>
    public void Add(LoopSource source, int fd, uint events)
    {
        int slot;
        if (_free.Count > 0)
        {
            slot = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }
        else
        {
            slot = _used++;
            if (slot == _sources.Length) Array.Resize(ref _sources, slot * 2);
        }

        source.Slot = slot;
        _sources[slot] = source;
        Libc.Control(_epoll, Libc.EpollAdd, fd, events, slot);
    }

    /// <summary>Changes what is waited for; may also be called from another thread while the descriptor is open.</summary>
    public void Watch(LoopSource source, int fd, uint events) => Libc.Control(_epoll, Libc.EpollModify, fd, events, source.Slot);

    /// <summary>Stops watching; the caller closes the descriptor afterwards.</summary>
    public void Remove(LoopSource source, int fd)
    {
        if (source.Slot < 0) return;
        Libc.Control(_epoll, Libc.EpollDelete, fd, 0, 0);
        _sources[source.Slot] = null;
        // Not before the turn is over: an event that is waiting in it must not meet a new source.
        _freed.Add(source.Slot);
        source.Slot = -1;
    }

    private void Run()
    {
        byte* events = stackalloc byte[EventsPerTurn * 16];
        while (true)
        {
            int count = Libc.Wait(_epoll, events, EventsPerTurn);
            FlushScheduler.Begin();
            for (int i = 0; i < count; i++)
            {
                byte* item = events + (i * Libc.EventSize);
                int slot = *(int*)(item + Libc.EventDataOffset);
                if (slot == WakeSlot)
                {
                    Libc.Drain(_wake);
                    continue;
                }

                if (_sources[slot] is { } source) Serve(source, *(uint*)item);
            }

            RunPosted();
            FlushScheduler.EndTurn();
            _free.AddRange(_freed);
            _freed.Clear();
        }
    }

    private static void Serve(LoopSource source, uint events)
    {
        try
        {
            source.OnReady(events);
        }
#pragma warning disable CA1031 // One connection's failure must not end the others'.
        catch (Exception e)
#pragma warning restore CA1031
        {
            source.OnFailure(e);
        }
    }

    private void RunPosted()
    {
        Volatile.Write(ref _signalled, 0);
        Interlocked.MemoryBarrier();
        // As many as are there now: what they post themselves waits for the next turn.
        for (int left = _posted.Count; left > 0 && _posted.TryDequeue(out var item); left--)
        {
            try
            {
                item.Action(item.State);
            }
#pragma warning disable CA1031 // As above.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (item.State is LoopSource source) source.OnFailure(e);
            }
        }

        if (!_posted.IsEmpty && Interlocked.Exchange(ref _signalled, 1) == 0) Libc.Signal(_wake);
    }
}
