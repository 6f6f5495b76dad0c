namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>Version 1: one tree per controller; memory, pids and cpuacct are used, and cpu where it is there (being in a group is enough: sixty busy
/// processes of one box then weigh as much as one process outside), each below this process's own group where that is visible.</summary>
internal sealed class CgroupV1
{
    private readonly string _memory, _pids, _cpu;
    private readonly string? _shares;

    private CgroupV1(string memory, string pids, string cpu, string? shares) => (_memory, _pids, _cpu, _shares) = (memory, pids, cpu, shares);

    public IReadOnlyList<string> Parents => _shares is null ? [_memory, _pids, _cpu] : [_memory, _pids, _cpu, _shares];

    public static CgroupV1? Detect(string mounts, string self, out string why)
    {
        why = "";
        var parents = new List<string>();
        foreach (var controller in (ReadOnlySpan<string>)["memory", "pids", "cpuacct"])
        {
            if (FindParent(mounts, self, controller, ref why) is not { } parent) return null;
            parents.Add(parent);
        }
        var ignored = "";
        var shares = FindParent(mounts, self, "cpu", ref ignored);
        return new(parents[0], parents[1], parents[2], shares == parents[2] ? null : shares);
    }

    public ControlGroup Create(string name, long memoryBytes, int processes)
    {
        var group = new Group(Path.Combine(_memory, name), Path.Combine(_pids, name), Path.Combine(_cpu, name), _shares is null ? null : Path.Combine(_shares, name));
        try
        {
            group.Prepare(memoryBytes, processes);
            return group;
        }
        catch
        {
            group.Abandon();
            throw;
        }
    }

    private static string? FindParent(string mounts, string self, string controller, ref string why)
    {
        var mount = Lines(mounts).Select(l => l.Split(' '))
            .FirstOrDefault(f => f.Length > 3 && f[2] == "cgroup" && f[3].Split(',').Contains(controller, StringComparer.Ordinal))?[1];
        if (mount is null)
        {
            why = $"controller {controller} is not mounted";
            return null;
        }
        // Lines of /proc/self/cgroup: "4:memory:/some/path". In a container the path may be the host's and not visible here.
        var own = Lines(self).Select(l => l.Split(':', 3))
            .FirstOrDefault(f => f.Length == 3 && f[1].Split(',').Contains(controller, StringComparer.Ordinal))?[2] ?? "/";
        foreach (var parent in (ReadOnlySpan<string>)[Path.Join(mount, own), mount])
        {
            var probe = Path.Combine(parent, $"{CgroupHost.Prefix}{Environment.ProcessId}-probe{Environment.CurrentManagedThreadId}");
            try
            {
                if (!Directory.Exists(parent)) continue;
                Directory.CreateDirectory(probe);
                Directory.Delete(probe);
                return parent;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                why = $"{parent} is not writable ({e.Message})";
            }
        }
        return null;
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Group(string memory, string pids, string cpu, string? shares) : ControlGroup
    {
        protected override IReadOnlyList<string> Directories { get; } = shares is null ? [memory, pids, cpu] : [memory, pids, cpu, shares];

        public void Prepare(long memoryBytes, int processes)
        {
            foreach (var directory in Directories) Directory.CreateDirectory(directory);
            Write(Path.Combine(memory, "memory.limit_in_bytes"), memoryBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
            // Memory plus swap; absent when the kernel does not account swap.
            var swap = Path.Combine(memory, "memory.memsw.limit_in_bytes");
            if (File.Exists(swap)) Write(swap, memoryBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Write(Path.Combine(pids, "pids.max"), processes.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        public void Abandon()
        {
            foreach (var directory in Directories) TryRemove(directory);
        }

        public override void Favour(bool favoured) => WriteShare(Path.Combine(shares ?? cpu, "cpu.shares"), favoured ? 1024 : 256);

        public override Usage Read() => new(
            TimeSpan.FromTicks(ReadNumber(Path.Combine(cpu, "cpuacct.usage")) / TimeSpan.NanosecondsPerTick),
            ReadNumber(Path.Combine(memory, "memory.max_usage_in_bytes")),
            ReadKey(Path.Combine(memory, "memory.oom_control"), "oom_kill"),
            ReadKey(Path.Combine(pids, "pids.events"), "max"));
    }
}
