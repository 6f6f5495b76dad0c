namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>
/// Finds out which kind of control groups this process may create and makes one per box. Group names carry the process id, so that the
/// next start can tell and remove what a killed server left behind.
/// </summary>
internal sealed class CgroupHost
{
    public const string Prefix = "codechill-";

    private readonly CgroupV1? _v1;
    private readonly CgroupV2? _v2;
    private int _next;

    private CgroupHost(CgroupV1? v1, CgroupV2? v2, string? why)
    {
        _v1 = v1;
        _v2 = v2;
        Why = why;
    }

    public string Stem { get; } = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}-";

    /// <summary>How the paths of this process's groups begin.</summary>
    public IReadOnlyList<string> Prefixes => [.. (_v2?.Parents ?? _v1?.Parents ?? []).Select(p => Path.Combine(p, Stem))];

    /// <summary>Who runs on which processors; null when that cannot be said.</summary>
    public ProcessorShares? Processors => _v2 is not null ? _v2.Processors : _v1?.Processors;

    /// <summary>Why there are none; null when there are.</summary>
    public string? Why { get; }

    public LimitEnforcement Kind => _v2 is not null ? LimitEnforcement.CgroupV2 : _v1 is not null ? LimitEnforcement.CgroupV1 : LimitEnforcement.Rlimits;

    public static CgroupHost None(string why) => new(null, null, why);

    /// <summary>Looks at /proc, tries to make a group of each kind, and keeps what works.</summary>
    public static CgroupHost Detect(string mounts, string self)
    {
        var v2 = CgroupV2.Detect(mounts, self, out var why2);
        if (v2 is not null) return new(null, v2, null);
        var v1 = CgroupV1.Detect(mounts, self, out var why1);
        return v1 is not null ? new(v1, null, null) : new(null, null, $"v2: {why2}; v1: {why1}");
    }

    /// <summary>Null when there are no control groups, or creating one failed.</summary>
    public ControlGroup? Create(long memoryBytes, int processes, out string? why)
    {
        why = Why;
        var name = Stem + Interlocked.Increment(ref _next);
        try
        {
            return _v2?.Create(name, memoryBytes, processes) ?? (ControlGroup?)_v1?.Create(name, memoryBytes, processes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
            return null;
        }
    }

    /// <summary>Kills and removes the groups of servers that no longer run.</summary>
    public void SweepLeftovers()
    {
        foreach (var parent in _v2?.Parents ?? _v1?.Parents ?? [])
        {
            foreach (var directory in SafeList(parent))
            {
                if (OwnerOf(Path.GetFileName(directory)) is not { } owner || Directory.Exists($"/proc/{owner}")) continue;
                ControlGroup.KillMembers([directory]);
                try
                {
                    Directory.Delete(directory);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Its processes are dying; the next start finds it empty.
                }
            }
        }
    }

    internal static int? OwnerOf(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var rest = name.AsSpan(Prefix.Length);
        var dash = rest.IndexOf('-');
        return dash > 0 && int.TryParse(rest[..dash], out var pid) ? pid : null;
    }

    private static string[] SafeList(string parent)
    {
        try
        {
            return Directory.GetDirectories(parent, Prefix + "*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
