namespace CodeChill.Server.YWebSocket;

/// <summary>
/// Writes the connections that have something queued, on a thread of the pool: what several events queued for one of them until its turn
/// comes leaves in one system call. The connections of one lane wait for each other, lanes don't.
/// </summary>
internal sealed class FlushLane : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private List<YjsConnection> _waiting = [];
    private List<YjsConnection> _running = [];
    private bool _scheduled;

    /// <summary>Queues a connection; it sees to it that it isn't queued twice.</summary>
    public void Add(YjsConnection connection)
    {
        lock (_gate)
        {
            _waiting.Add(connection);
            if (_scheduled)
                return;
            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        lock (_gate)
            (_waiting, _running) = (_running, _waiting);
        foreach (var connection in _running)
            connection.Flush();
        _running.Clear();
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _scheduled = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
