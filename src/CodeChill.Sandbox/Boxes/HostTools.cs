using CodeChill.Sandbox.Linux;

namespace CodeChill.Sandbox.Boxes;

/// <summary>The programs a box is started with. Looked for in fixed places, not in PATH: what runs as root must not depend on the environment.</summary>
internal sealed record HostTools(string Bubblewrap)
{
    public static HostTools? Find(out HostProblem? problem)
    {
        problem = null;
        var bubblewrap = Find("bwrap");
        if (bubblewrap is null)
        {
            problem = new("bubblewrap is not installed.", "apt-get install -y --no-install-recommends bubblewrap", Fatal: true);
            return null;
        }
        foreach (var signal in IgnoredSignals(File.ReadAllText("/proc/self/status"))) Native.HandleByNothing(signal);
        return new(bubblewrap);
    }

    /// <summary>
    /// Signals that this process ignores. A server started in the background of a script, or by nohup, ignores SIGINT, SIGQUIT or SIGHUP; children inherit that, and in a
    /// box the interrupt key would do nothing.
    /// </summary>
    internal static IReadOnlyList<int> IgnoredSignals(string status)
    {
        // SIGPIPE is ignored by .NET, and put back by .NET in its children; SIGTTIN and SIGTTOU are about this process's own terminal.
        int[] kept = [13, 21, 22];
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal));
        if (line is null) return [];
        var mask = Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16);
        return [.. Enumerable.Range(1, 31).Where(n => !kept.Contains(n) && (mask & (1UL << (n - 1))) != 0)];
    }

    private static string? Find(string name) =>
        ((string[])["/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/", "/sbin/"]).Select(d => d + name).FirstOrDefault(File.Exists);
}
