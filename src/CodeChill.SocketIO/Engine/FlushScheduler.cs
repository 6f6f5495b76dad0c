namespace CodeChill.SocketIO.Engine;

/// <summary>
/// Decides when queued packets leave. Whatever the packets received in one read caused to be sent is collected; when the read is done and
/// the thread pool has nothing else to do, it is written there and then, without a thread hop (quiet server: lowest latency and cost).
/// When other work is waiting, the connections go to a lane that runs behind that work, so that each of them collects what several events
/// produced and pays for one system call (busy server: highest throughput). Senders outside of a read always use the lane. On an event loop's
/// thread a turn of the loop is the batch.
/// </summary>
internal sealed class FlushScheduler
{
    [ThreadStatic]
    private static Batch? s_batch;

    private readonly FlushLane[] _lanes;
    private int _next;

    public FlushScheduler(int lanes)
    {
        _lanes = new FlushLane[lanes];
        for (int i = 0; i < lanes; i++) _lanes[i] = new FlushLane();
    }

    /// <summary>A lane for a new connection; lanes run in parallel, the connections of one lane don't.</summary>
    public FlushLane Assign() => _lanes[(int)((uint)Interlocked.Increment(ref _next) % (uint)_lanes.Length)];

    /// <summary>Queues a flush; the caller made sure the connection isn't queued already.</summary>
    public static void Add(EngineSession session)
    {
        if (s_batch is { Open: true } batch) batch.Sessions.Add(session);
        else session.Lane.Add(session);
    }

    /// <summary>Starts collecting on this thread. Nested calls return false and leave the outer batch in place.</summary>
    public static bool Begin()
    {
        var batch = s_batch ??= new Batch();
        if (batch.Open) return false;
        batch.Open = true;
        return true;
    }

    public static void End()
    {
        var batch = s_batch!;
        batch.Open = false;
        var sessions = batch.Sessions;
        if (sessions.Count == 0) return;
        bool quiet = ThreadPool.PendingWorkItemCount == 0;
        foreach (var session in sessions)
        {
            if (quiet) session.Flush();
            else session.Lane.Add(session);
        }

        sessions.Clear();
        if (sessions.Capacity > 4096) sessions.Capacity = 0;
    }

    /// <summary>Ends an event loop's turn: all that it read has been handled, so now is the time, quiet or not.</summary>
    public static void EndTurn()
    {
        var batch = s_batch!;
        batch.Open = false;
        var sessions = batch.Sessions;
        if (sessions.Count == 0) return;
        foreach (var session in sessions) session.Flush();
        sessions.Clear();
        if (sessions.Capacity > 4096) sessions.Capacity = 0;
    }

    private sealed class Batch
    {
        public bool Open { get; set; }

        public List<EngineSession> Sessions { get; } = [];
    }
}
