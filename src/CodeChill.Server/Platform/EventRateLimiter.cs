using System.Collections.Concurrent;

namespace CodeChill.Server.Platform;

/// <summary>
/// Token buckets by key: <paramref name="burst"/> at once, then <paramref name="perSecond"/> a second. For socket events, sign-in attempts
/// and users' requests; in memory, for this node. Keys come from outside, so full buckets are dropped again and their number is bounded.
/// </summary>
internal sealed class EventRateLimiter(double burst, double perSecond, TimeProvider clock)
{
    private const int SweepAbove = 10_000;

    private readonly ConcurrentDictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private long _sweptAt = clock.GetTimestamp();

    public int Count => _buckets.Count;

    /// <summary>Takes <paramref name="cost"/> tokens, or says how long until they would be there.</summary>
    public bool TryTake(string key, out TimeSpan retryAfter, double cost = 1)
    {
        if (_buckets.Count > SweepAbove)
            Sweep();
        while (true)
        {
            var bucket = _buckets.GetOrAdd(key, static (_, fresh) => new Bucket(fresh.burst, fresh.now), (burst, now: clock.GetTimestamp()));
            lock (bucket)
            {
                if (bucket.Dropped)
                    continue;
                Refill(bucket);
                if (bucket.Tokens >= cost)
                {
                    bucket.Tokens -= cost;
                    retryAfter = TimeSpan.Zero;
                    return true;
                }

                retryAfter = TimeSpan.FromSeconds((cost - bucket.Tokens) / perSecond);
                return false;
            }
        }
    }

    public bool TryTake(string key, double cost = 1) => TryTake(key, out _, cost);

    /// <summary>Gives tokens back: what they were taken for turned out to be harmless.</summary>
    public void GiveBack(string key, double cost = 1)
    {
        if (!_buckets.TryGetValue(key, out var bucket))
            return;
        lock (bucket)
        {
            bucket.Tokens = Math.Min(burst, bucket.Tokens + cost);
        }
    }

    /// <summary>A user or socket that is gone needs no bucket.</summary>
    public void Forget(string key) => _buckets.TryRemove(key, out _);

    private void Refill(Bucket bucket)
    {
        var now = clock.GetTimestamp();
        var seconds = clock.GetElapsedTime(bucket.At, now).TotalSeconds;
        if (seconds <= 0)
            return;
        bucket.Tokens = Math.Min(burst, bucket.Tokens + (seconds * perSecond));
        bucket.At = now;
    }

    /// <summary>At most once a second: many keys with little in them must not make every call walk over all of them.</summary>
    private void Sweep()
    {
        var swept = Volatile.Read(ref _sweptAt);
        var now = clock.GetTimestamp();
        if (clock.GetElapsedTime(swept, now) < TimeSpan.FromSeconds(1) || Interlocked.CompareExchange(ref _sweptAt, now, swept) != swept)
            return;
        foreach (var (key, bucket) in _buckets)
        {
            lock (bucket)
            {
                Refill(bucket);
                if (bucket.Tokens < burst)
                    continue;
                bucket.Dropped = true;
                _buckets.TryRemove(key, out _);
            }
        }
    }

    private sealed class Bucket(double tokens, long at)
    {
        public double Tokens { get; set; } = tokens;

        public long At { get; set; } = at;

        public bool Dropped { get; set; }
    }
}
