namespace CodeChill.Sandbox;

/// <summary>Settings of a <see cref="SandboxRunner"/>.</summary>
public sealed class SandboxOptions
{
    /// <summary>Runs at one time; further ones wait their turn in order of arrival.</summary>
    /// <value>The number of processors by default.</value>
    public int MaxParallelRuns { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Tree that is the box's read-only root file system, as made by <c>eng/sandbox-root.sh</c>. When it is <c>null</c>, the standard
    /// places are looked at; when no finished tree is found there, the host's own <c>/usr</c> is used.
    /// </summary>
    /// <value><c>null</c> by default.</value>
    public string? RootPath { get; set; }

    /// <summary>Never use a built tree, only the host's own <c>/usr</c>.</summary>
    /// <value><c>false</c> by default.</value>
    public bool UseHostRoot { get; set; }

    /// <summary>First of the host user ids that runs get when the process is root: run slot n has <c>FirstUid + n</c>.
    /// They must belong to no account and to no other runner on the machine: whatever runs under a slot's id is killed when its run ends.</summary>
    /// <value>60001 by default.</value>
    public int FirstUid { get; set; } = 60001;

    /// <summary>Use cgroups when the machine has them. Without, limits are per process and sampled.</summary>
    /// <value><c>true</c> by default.</value>
    public bool UseCgroups { get; set; } = true;

    /// <summary>Largest source in bytes of UTF-8.</summary>
    /// <value>1 MiB by default.</value>
    public int MaxSourceBytes { get; set; } = 1 << 20;

    /// <summary>Bytes of compiler output that are kept; a compiler that writes more is killed.</summary>
    /// <value>64 KiB by default.</value>
    public long CompileOutputBytes { get; set; } = 64 << 10;

    /// <summary>Bytes of compiled programs that are kept to skip compiling the same source again; 0 turns this off.</summary>
    /// <value>128 MiB by default.</value>
    public long CompileCacheBytes { get; set; } = 128L << 20;

    /// <summary>
    /// Bytes that waiting compilers may occupy together (Kotlin about 400 MB, Java and C# about 200 MB each); at most four wait. 0 turns them off: every
    /// compile then starts its compiler.
    /// </summary>
    /// <value>An eighth of the machine's memory, at most 1 GiB, by default.</value>
    public long WarmMemoryBytes { get; set; } = Math.Min(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);

    /// <summary>A waiting compiler that nobody has used for this long is ended.</summary>
    /// <value>5 minutes by default.</value>
    public TimeSpan WarmIdle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Boxes that are set up ahead of time and wait for their program: one for each kind of step (a language's compiler or its programs, with given limits) used lately. Each is two small
    /// processes. They run as users of their own, from <see cref="FirstUid"/> + <see cref="MaxParallelRuns"/> + 4 on, as many as this and <see cref="MaxParallelRuns"/> together. 0 turns them off:
    /// each run then waits for its box. They need control groups and an x86-64 processor.
    /// </summary>
    /// <value>8 by default.</value>
    public int PreparedBoxes { get; set; } = 8;

    /// <summary>How often to look whether a root file system was built or replaced; the machine is then tested again, and runs use the new one.</summary>
    /// <value>5 seconds by default; zero or less: never.</value>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Output that arrives within this time of the last delivery is gathered into one chunk; the first output of a run is never held.</summary>
    /// <value>25 milliseconds by default.</value>
    public TimeSpan GatherInterval { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>When set, no other languages are looked for: a runner for one of them starts in a tenth of the time.</summary>
    internal IReadOnlyCollection<string>? Only { get; set; }

    /// <summary>Reads /proc/meminfo.</summary>
    internal Func<string> MemoryInfo { get; set; } = () => File.ReadAllText("/proc/meminfo");

    /// <summary>Receives one line of text per event worth a log entry.</summary>
    /// <value><c>null</c> by default: nothing is logged.</value>
    public Action<string>? Log { get; set; }

    /// <summary>The clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxParallelRuns, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxParallelRuns, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstUid, 1000);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSourceBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CompileOutputBytes, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(CompileCacheBytes, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(WarmMemoryBytes, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(PreparedBoxes, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PreparedBoxes, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(WarmIdle, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(GatherInterval, TimeSpan.FromMilliseconds(1));
    }
}
