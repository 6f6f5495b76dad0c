using CodeChill.Sandbox.Linux.Cgroups;

namespace CodeChill.Sandbox.Boxes;

/// <summary>Limits of a box that lives through several phases: each phase gets an allowance of its own, counted from where the last one ended.</summary>
internal sealed class BoxControl
{
    private readonly Lock _lock = new();
    private Func<Usage>? _usage;
    private Func<TimeSpan>? _elapsed;
    private Action<bool>? _favour;
    private (TimeSpan Wall, TimeSpan Cpu, bool Favoured) _wanted;
    private (TimeSpan Wall, TimeSpan Cpu) _deadline;

    /// <summary>Wall and processor time since the start of the box at which it is ended.</summary>
    public (TimeSpan Wall, TimeSpan Cpu) Deadline
    {
        get
        {
            lock (_lock) return _deadline;
        }
    }

    public Usage Usage => _usage?.Invoke() ?? default;

    /// <summary>From now on this much more; <paramref name="favoured"/>: with the usual share of the processors, else with a quarter of it.</summary>
    public void Allow(TimeSpan wall, TimeSpan cpu, bool favoured)
    {
        lock (_lock)
        {
            _wanted = (wall, cpu, favoured);
            if (_usage is not null) Apply();
        }
    }

    internal void Attach(Func<Usage> usage, Func<TimeSpan> elapsed, Action<bool> favour)
    {
        lock (_lock)
        {
            (_usage, _elapsed, _favour) = (usage, elapsed, favour);
            Apply();
        }
    }

    private void Apply()
    {
        _deadline = (_elapsed!() + _wanted.Wall, _usage!().Cpu + _wanted.Cpu);
        _favour!(_wanted.Favoured);
    }
}
