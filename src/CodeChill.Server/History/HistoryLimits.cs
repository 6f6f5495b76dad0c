namespace CodeChill.Server.History;

/// <summary>Bounds of reading history.</summary>
internal static class HistoryLimits
{
    public const int PerPage = 50;
    public const int MaxPerPage = 200;

    /// <summary>Edits of one replay; a longer session is told from a later start.</summary>
    public const int ReplayEdits = 20_000;

    /// <summary>Bytes of the edits of one replay.</summary>
    public const long ReplayBytes = 32 * 1024 * 1024;

    public const int ReplayRuns = 2_000;
    public const int ReplayMessages = 10_000;

    /// <summary>UTF-16 code units of a run's output in a replay.</summary>
    public const int ReplayOutput = 4 * 1024;

    /// <summary>Records read from the database at once.</summary>
    public const int Batch = 1_000;

    /// <summary>Bytes of records read at once, unless one alone has more.</summary>
    public const long BatchBytes = 8 * 1024 * 1024;

    /// <summary>Histories read at once on this node; they must leave room for typing.</summary>
    public static readonly int Concurrency = Math.Max(1, Environment.ProcessorCount / 2);

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>A replay is as slow as its reader, who holds up nobody: the place among those who read is taken a batch at a time.</summary>
    public static readonly TimeSpan ReplayDeadline = TimeSpan.FromMinutes(2);

    /// <summary>A pause that ends a burst of typing.</summary>
    public static readonly TimeSpan BurstPause = TimeSpan.FromSeconds(1);

    /// <summary>The longest burst.</summary>
    public static readonly TimeSpan BurstLength = TimeSpan.FromSeconds(5);

    /// <summary>The most bytes a burst is merged to.</summary>
    public const int BurstBytes = 64 * 1024;
}
