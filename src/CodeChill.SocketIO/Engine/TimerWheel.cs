namespace CodeChill.SocketIO.Engine;

/// <summary>An object with a deadline in a <see cref="TimerWheel"/>. The wheel owns the links.</summary>
internal abstract class WheelEntry
{
    internal WheelEntry? Next { get; set; }

    internal WheelEntry? Previous { get; set; }

    /// <summary>Bucket index, -1 when not in the wheel.</summary>
    internal int Bucket { get; set; } = -1;

    /// <summary>
    /// Called when the bucket of the deadline comes up, possibly early. Returns the next deadline on the wheel's clock in milliseconds, or
    /// <see cref="long.MaxValue"/> to leave the wheel.
    /// </summary>
    internal abstract long OnTick(long now);
}

/// <summary>
/// All deadlines of all connections on one timer. Moving a deadline back (the common case: a pong) costs nothing, as an entry only
/// looks at its deadlines when its bucket comes up. The clock is the wheel's own: a stall of the whole process (suspended machine, debugger,
/// long collection) moves it by a second at most, so that clients whose pongs are already waiting to be read aren't declared dead.
/// </summary>
internal sealed class TimerWheel : IDisposable
{
    private const int Buckets = 512;
    private const long MaxStallMs = 1_000;

    private readonly Lock _gate = new();
    private readonly WheelEntry?[] _buckets = new WheelEntry?[Buckets];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly int _granularityMs;
    private long _lastTimestamp;
    private long _now;
    private long _tick;
    private int _count;
    private readonly List<WheelEntry> _due = [];
    private bool _running;
    private bool _turning;
    private bool _disposed;

    public TimerWheel(TimeProvider time, TimeSpan granularity)
    {
        _time = time;
        _granularityMs = Math.Max(1, (int)granularity.TotalMilliseconds);
        _lastTimestamp = time.GetTimestamp();
        // The timer must not keep an execution context (and with it a request's async locals) alive.
        bool restore = !ExecutionContext.IsFlowSuppressed();
        if (restore) ExecutionContext.SuppressFlow();
        _timer = time.CreateTimer(static s => ((TimerWheel)s!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (restore) ExecutionContext.RestoreFlow();
    }

    public int GranularityMs => _granularityMs;

    /// <summary>Milliseconds on the wheel's clock.</summary>
    public long Now
    {
        get
        {
            lock (_gate) return _now + Math.Min(Elapsed(), MaxStallMs);
        }
    }

    /// <summary>Makes sure the entry is looked at no later than <paramref name="deadline"/> (plus one tick).</summary>
    public void Schedule(WheelEntry entry, long deadline)
    {
        lock (_gate)
        {
            if (_disposed) return;
            if (_count == 0 && !_running) Start();
            if (entry.Bucket >= 0) Unlink(entry);
            Insert(entry, deadline);
        }
    }

    public void Remove(WheelEntry entry)
    {
        lock (_gate)
        {
            if (entry.Bucket >= 0) Unlink(entry);
        }
    }

    public void Dispose()
    {
        lock (_gate) _disposed = true;
        _timer.Dispose();
    }

    private void OnTimer()
    {
        long now;
        lock (_gate)
        {
            // A slow turn lets the timer fire again meanwhile; the next one catches up.
            if (_disposed || _turning) return;
            Advance();
            now = _now;
            long target = _now / _granularityMs;
            // One turn visits every bucket, whatever the distance.
            long from = Math.Max(_tick + 1, target - Buckets + 1);
            for (long tick = from; tick <= target; tick++)
            {
                int bucket = (int)(tick % Buckets);
                while (_buckets[bucket] is { } entry)
                {
                    Unlink(entry);
                    _due.Add(entry);
                }
            }

            _tick = target;
            if (_count == 0 && _due.Count == 0)
            {
                _running = false;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            if (_due.Count == 0) return;
            _turning = true;
        }

        // Pings leave from this thread when the server is quiet: the peer's time to answer runs already.
        bool batch = FlushScheduler.Begin();
        foreach (var entry in _due)
        {
            long next = entry.OnTick(now);
            if (next == long.MaxValue) continue;
            lock (_gate)
            {
                // A deadline set meanwhile by another thread stands: it put the entry back itself.
                if (!_disposed && entry.Bucket < 0) Insert(entry, next);
            }
        }

        if (batch) FlushScheduler.End();

        _due.Clear();
        lock (_gate) _turning = false;
    }

    private void Start()
    {
        _running = true;
        // Time without entries isn't a stall.
        _now += (long)_time.GetElapsedTime(_lastTimestamp).TotalMilliseconds;
        _lastTimestamp = _time.GetTimestamp();
        _tick = _now / _granularityMs;
        var period = TimeSpan.FromMilliseconds(_granularityMs);
        _timer.Change(period, period);
    }

    private long Elapsed() => (long)_time.GetElapsedTime(_lastTimestamp).TotalMilliseconds;

    private void Advance()
    {
        long elapsed = Elapsed();
        if (elapsed <= 0) return;
        // Advances by whole milliseconds and keeps the fraction for the next turn.
        _lastTimestamp = elapsed > MaxStallMs
            ? _time.GetTimestamp()
            : _lastTimestamp + (elapsed * _time.TimestampFrequency / 1000);
        _now += Math.Min(elapsed, MaxStallMs);
    }

    private void Insert(WheelEntry entry, long deadline)
    {
        // Rounded up: a bucket that comes up has its deadline behind it. Further than one turn away: looked at once per turn.
        long tick = (deadline + _granularityMs - 1) / _granularityMs;
        tick = Math.Clamp(tick, _tick + 1, _tick + Buckets - 1);
        int bucket = (int)(tick % Buckets);
        entry.Bucket = bucket;
        entry.Previous = null;
        entry.Next = _buckets[bucket];
        if (entry.Next is { } next) next.Previous = entry;
        _buckets[bucket] = entry;
        _count++;
    }

    private void Unlink(WheelEntry entry)
    {
        if (entry.Previous is { } previous) previous.Next = entry.Next;
        else _buckets[entry.Bucket] = entry.Next;
        if (entry.Next is { } next) next.Previous = entry.Previous;
        entry.Next = null;
        entry.Previous = null;
        entry.Bucket = -1;
        _count--;
    }
}
