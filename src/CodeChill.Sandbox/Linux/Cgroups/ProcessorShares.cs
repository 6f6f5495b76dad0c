using System.Globalization;

namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>
/// Keeps busy boxes apart. The kernel divides a processor's time among groups by weight, but it does so for each processor by itself: sixty busy processes of one box, spread over all
/// of them, take half of whichever its neighbour runs on. So the processors are divided as well: each busy box has its equal part of them (or, when there are more boxes, shares one),
/// and nothing of what it does runs anywhere else. A box that is alone has them all, and one that waits for somebody to type counts for nobody.
/// </summary>
internal sealed class ProcessorShares
{
    /// <summary>A box that used less than this part of a processor since it was last looked at did nothing. Little, so that one that gets little counts.</summary>
    private const double Busy = 0.02;

    /// <summary>After so long of that it is no longer busy.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly int[] _processors;
    private readonly List<Share> _busy = [];

    public ProcessorShares(IEnumerable<int> processors)
    {
        _processors = [.. processors];
        All = Format(_processors);
    }

    /// <summary>All of them, in the kernel's notation.</summary>
    public string All { get; }

    /// <summary>Reads a file that lists processors; null when there is none, or when there are not two to be divided.</summary>
    public static ProcessorShares? Of(string file)
    {
        try
        {
            return new ProcessorShares(Parse(File.ReadAllText(file))) is { _processors.Length: > 1 } shares ? shares : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>A box starts, or goes on, at full speed: as busy, until it shows otherwise.</summary>
    public Share Enter(ControlGroup group)
    {
        var share = new Share(this, group);
        share.Enter();
        return share;
    }

    private static IEnumerable<int> Parse(string list)
    {
        foreach (var range in list.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = range.Split('-');
            var (first, last) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
            for (var n = first; n <= last; n++) yield return n;
        }
    }

    private static string Format(IEnumerable<int> processors) => string.Join(',', processors);

    /// <summary>Called with the lock held.</summary>
    private void Divide()
    {
        for (var i = 0; i < _busy.Count; i++)
        {
            var (first, end) = _busy.Count <= _processors.Length
                ? (i * _processors.Length / _busy.Count, (i + 1) * _processors.Length / _busy.Count)
                : (i % _processors.Length, (i % _processors.Length) + 1);
            _busy[i].Pin(Format(_processors[first..end]));
        }
    }

    /// <summary>One box's part.</summary>
    internal sealed class Share(ProcessorShares shares, ControlGroup group)
    {
        private string _processors = shares.All;
        private TimeSpan _cpu, _at, _busyAt;
        private bool _over, _unfavoured;

        /// <summary>Told now and then what the box has used in all, and at what time since its start.</summary>
        public void Observe(TimeSpan cpu, TimeSpan at)
        {
            var busy = (cpu - _cpu) >= Busy * (at - _at);
            (_cpu, _at) = (cpu, at);
            if (busy)
            {
                _busyAt = at;
                Enter();
            }
            else if (at - _busyAt >= s_rest)
            {
                Leave();
            }
        }

        public void Enter()
        {
            lock (shares._lock)
            {
                if (_over || _unfavoured || shares._busy.Contains(this)) return;
                shares._busy.Add(this);
                shares.Divide();
            }
        }

        /// <summary>The box is over: whoever still observes it does so in vain.</summary>
        public void End()
        {
            lock (shares._lock)
            {
                _over = true;
                Leave();
            }
        }

        /// <summary>Whether anybody waits for what it does from now on; what nobody waits for takes no processor from others.</summary>
        public void Favour(bool favoured)
        {
            lock (shares._lock)
            {
                _unfavoured = !favoured;
                if (favoured) Enter();
                else Leave();
            }
        }

        /// <summary>It does nothing.</summary>
        public void Leave()
        {
            lock (shares._lock)
            {
                if (!shares._busy.Remove(this)) return;
                Pin(shares.All);
                shares.Divide();
            }
        }

        internal void Pin(string processors)
        {
            if (processors == _processors) return;
            _processors = processors;
            group.Pin(processors);
        }
    }
}
