namespace CodeChill.SocketIO;

/// <summary>Something with a queue that a <see cref="FlushLane"/> empties.</summary>
public interface IFlushable
{
    /// <summary>Writes what is queued, without waiting for the peer. Called on a thread of the pool; must not throw.</summary>
    void Flush();
}

/// <summary>
/// Writes the connections that have something queued, behind the other work of the thread pool: what several events queued for one of them until
/// its turn comes leaves in one system call. The connections of one lane wait for each other, lanes don't; one lane per core is a good number.
/// </summary>
public sealed class FlushLane
{
    private const int KeptCapacity = 4096;

    private readonly Lock _gate = new();
    private readonly WorkItem _run;
    private List<IFlushable> _waiting = [];
    private List<IFlushable> _running = [];
    private bool _scheduled;

    /// <summary>Makes an empty lane.</summary>
    public FlushLane() => _run = new WorkItem(this);

    /// <summary>Asks for one call of <see cref="IFlushable.Flush"/>, soon. The caller sees to it that nothing is added again before that call; from any thread.</summary>
    /// <param name="connection">What has something queued.</param>
    public void Add(IFlushable connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        lock (_gate)
        {
            _waiting.Add(connection);
            if (_scheduled) return;
            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(_run, preferLocal: false);
    }

    private void Run()
    {
        List<IFlushable> batch;
        lock (_gate)
        {
            batch = _waiting;
            _waiting = _running;
            _running = batch;
        }

        foreach (var connection in batch) connection.Flush();
        batch.Clear();
        if (batch.Capacity > KeptCapacity) batch.Capacity = 0;

        // Only now may another run start: it would swap the list this one was walking.
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _scheduled = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(_run, preferLocal: false);
    }

    private sealed class WorkItem(FlushLane lane) : IThreadPoolWorkItem
    {
        public void Execute() => lane.Run();
    }
}
