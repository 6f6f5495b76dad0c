namespace CodeChill.Sandbox.Boxes;

/// <summary>The programs a box is started with. Looked for in fixed places, not in PATH: what runs as root must not depend on the environment.</summary>
internal sealed record HostTools(string Bubblewrap)
{
    /// <summary>
    /// Puts signals back to their defaults, or nothing. A server started in the background of a script, or by nohup, ignores SIGINT, SIGQUIT or SIGHUP; children
    /// inherit that, and in a box the interrupt key would do nothing.
    /// </summary>
    public IReadOnlyList<string> ResetSignals { get; private init; } = [];

    public static HostTools? Find(out HostProblem? problem)
    {
        problem = null;
        var bubblewrap = Find("bwrap");
        if (bubblewrap is null)
        {
            problem = new("bubblewrap is not installed.", "apt-get install -y --no-install-recommends bubblewrap", Fatal: true);
            return null;
        }
        return new(bubblewrap) { ResetSignals = ResetIgnored(File.ReadAllText("/proc/self/status")) };
    }

    internal static IReadOnlyList<string> ResetIgnored(string status)
    {
        const int BrokenPipe = 13; // ignored by .NET, and put back by .NET in its children
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith("SigIgn:", StringComparison.Ordinal));
        if (line is null || Find("env") is not { } env) return [];
        var mask = Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16);
        var ignored = Enumerable.Range(1, 31).Where(n => n != BrokenPipe && (mask & (1UL << (n - 1))) != 0).ToArray();
        return ignored.Length == 0 ? [] : [env, "--default-signal=" + string.Join(',', ignored)];
    }

    private static string? Find(string name) =>
        ((string[])["/usr/bin/", "/bin/", "/usr/local/bin/", "/usr/sbin/", "/sbin/"]).Select(d => d + name).FirstOrDefault(File.Exists);
}
