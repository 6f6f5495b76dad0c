using CodeChill.SocketIO.Engine;
using Microsoft.Extensions.Time.Testing;

namespace CodeChill.SocketIO.Tests.Engine;

public sealed class TimerWheelTests
{
    [Theory]
    [InlineData(10, 5)]
    [InlineData(10, 995)]
    [InlineData(100, 25_000)]
    [InlineData(100, 200_000)]
    public void Deadline_is_never_early_and_at_most_two_ticks_late(int granularity, int deadline)
    {
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, TimeSpan.FromMilliseconds(granularity));
        var entry = new Entry(wheel.Now + deadline);
        wheel.Schedule(entry, entry.Deadline);
        for (int elapsed = 0; elapsed < deadline + (3 * granularity) && entry.FiredAt < 0; elapsed += granularity) time.Advance(TimeSpan.FromMilliseconds(granularity));
        entry.FiredAt.ShouldBeInRange(entry.Deadline, entry.Deadline + (2 * granularity));
    }

    [Fact]
    public void Stall_of_the_process_counts_as_a_second()
    {
        var time = new Stalling();
        using var wheel = new TimerWheel(time, TimeSpan.FromMilliseconds(100));
        var entry = new Entry(wheel.Now + 5_000);
        wheel.Schedule(entry, entry.Deadline);
        time.Stall(TimeSpan.FromMinutes(10));
        entry.FiredAt.ShouldBe(-1);
        for (int i = 0; i < 45; i++) time.Stall(TimeSpan.FromMilliseconds(100));
        entry.FiredAt.ShouldBeGreaterThanOrEqualTo(entry.Deadline);
    }

    [Fact]
    public void Thousand_entries_with_random_deadlines_all_fire_in_time()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        var time = new FakeTimeProvider();
        using var wheel = new TimerWheel(time, TimeSpan.FromMilliseconds(50));
        var entries = Enumerable.Range(0, 1000).Select(_ => new Entry(random.Next(1, 60_000))).ToArray();
        foreach (var entry in entries) wheel.Schedule(entry, entry.Deadline);
        foreach (var entry in entries.Where(static (_, i) => i % 10 == 0)) wheel.Remove(entry);
        for (int i = 0; i < 1_210; i++) time.Advance(TimeSpan.FromMilliseconds(50));
        for (int i = 0; i < entries.Length; i++)
        {
            if (i % 10 == 0) entries[i].FiredAt.ShouldBe(-1);
            else entries[i].FiredAt.ShouldBeInRange(entries[i].Deadline, entries[i].Deadline + 100, $"seed {Seed}, entry {i}");
        }
    }

    private sealed class Entry(long deadline) : WheelEntry
    {
        public long Deadline { get; } = deadline;

        public long FiredAt { get; private set; } = -1;

        internal override long OnTick(long now)
        {
            // Looked at early, it asks to be looked at again: what a session with a moved deadline does.
            if (now < Deadline) return Deadline;
            FiredAt = now;
            return long.MaxValue;
        }
    }

    /// <summary>A clock that jumps and calls its only timer once per jump, as a process that was stopped sees it.</summary>
    private sealed class Stalling : TimeProvider
    {
        private TimerCallback? _callback;
        private object? _state;
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Stall(TimeSpan time)
        {
            _ticks += time.Ticks;
            _callback!(_state);
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return new None();
        }

        private sealed class None : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
