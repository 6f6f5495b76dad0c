namespace CodeChill.Sandbox;

/// <summary>What one run may use. Values out of range make <see cref="SandboxRunner.RunAsync"/> throw before anything starts.</summary>
public sealed record RunLimits
{
    /// <summary>Wall time of the run step: from the moment the program is given to a box that waited for one, else start of the sandbox included.</summary>
    /// <value>10 seconds by default.</value>
    public TimeSpan Wall { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>CPU time over all processes of the run step (cgroup accounting; without cgroups each process has this limit, and the sum is sampled).</summary>
    /// <value>5 seconds by default.</value>
    public TimeSpan Cpu { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Memory in bytes over all processes, including files in the box's memory file systems.</summary>
    /// <value>256 MiB by default.</value>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of standard output and standard error together. One byte more kills the run.</summary>
    /// <value>1 MiB by default.</value>
    public long OutputBytes { get; init; } = 1L << 20;

    /// <summary>Processes and threads at one time.</summary>
    /// <value>64 by default.</value>
    public int Processes { get; init; } = 64;

    /// <summary>Size in bytes of the largest file the program may write; one byte more is SIGXFSZ or EFBIG.</summary>
    /// <value>64 MiB by default.</value>
    public long FileBytes { get; init; } = 64L << 20;

    internal void Validate()
    {
        Check(Wall > TimeSpan.Zero && Wall <= TimeSpan.FromHours(1), nameof(Wall), Wall, "more than 0 and at most 1 hour");
        Check(Cpu > TimeSpan.Zero && Cpu <= TimeSpan.FromHours(1), nameof(Cpu), Cpu, "more than 0 and at most 1 hour");
        Check(MemoryBytes is >= 16L << 20 and <= 64L << 30, nameof(MemoryBytes), MemoryBytes, "16 MiB to 64 GiB");
        Check(OutputBytes is >= 0 and <= 256L << 20, nameof(OutputBytes), OutputBytes, "0 to 256 MiB");
        Check(Processes is >= 1 and <= 4096, nameof(Processes), Processes, "1 to 4096");
        Check(FileBytes is >= 1L << 10 and <= 4L << 30, nameof(FileBytes), FileBytes, "1 KiB to 4 GiB");
    }

    private static void Check(bool ok, string name, object given, string allowed)
    {
        if (!ok) throw new ArgumentOutOfRangeException("Limits." + name, given, $"Allowed: {allowed}.");
    }
}
