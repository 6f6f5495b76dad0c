namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>Version 1: one tree per controller; memory, pids and cpuacct are used, cpu where it is there (being in a group is enough: sixty busy
/// processes of one box then weigh as much as one process outside), and cpuset where it is there (busy boxes then keep to processors of their own), each below this process's
/// own group where that is visible.</summary>
internal sealed class CgroupV1
{
    private readonly string _memory, _pids, _cpu;
    private readonly string? _shares, _sets;
    private readonly string _nodes = "";

    private CgroupV1(string memory, string pids, string cpu, string? shares, string? sets)
    {
        (_memory, _pids, _cpu, _shares) = (memory, pids, cpu, shares);
        // With nothing to be divided a set is of no use, and without processors it takes no process.
        if (sets is null || ProcessorShares.Of(Path.Combine(sets, "cpuset.effective_cpus")) is not { } processors) return;
        (_sets, Processors) = (sets, processors);
        _nodes = File.ReadAllText(Path.Combine(sets, "cpuset.effective_mems")).Trim();
    }

    public IReadOnlyList<string> Parents => [_memory, _pids, _cpu, .. Optional(_shares), .. Optional(_sets)];

    /// <summary>Null when boxes cannot be kept to processors.</summary>
    public ProcessorShares? Processors { get; }

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
        var sets = FindParent(mounts, self, "cpuset", ref ignored);
        return new(parents[0], parents[1], parents[2], shares == parents[2] ? null : shares, sets);
    }

    public ControlGroup Create(string name, long memoryBytes, int processes)
    {
        var group = new Group(
            Path.Combine(_memory, name), Path.Combine(_pids, name), Path.Combine(_cpu, name), _shares is null ? null : Path.Combine(_shares, name), _sets is null ? null : Path.Combine(_sets, name));
        try
        {
            group.Prepare(memoryBytes, processes, Processors?.All ?? "", _nodes);
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

    private static string[] Optional(string? directory) => directory is null ? [] : [directory];

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Group(string memory, string pids, string cpu, string? shares, string? sets) : ControlGroup
    {
        protected override IReadOnlyList<string> Directories { get; } = [memory, pids, cpu, .. Optional(shares), .. Optional(sets)];

        /// <param name="nodes">Memory nodes; like the processors, a new set has none and takes no process without.</param>
        public void Prepare(long memoryBytes, int processes, string processors, string nodes)
        {
            foreach (var directory in Directories) Directory.CreateDirectory(directory);
            Write(Path.Combine(memory, "memory.limit_in_bytes"), memoryBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
            // Memory plus swap; absent when the kernel does not account swap.
            var swap = Path.Combine(memory, "memory.memsw.limit_in_bytes");
            if (File.Exists(swap)) Write(swap, memoryBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Write(Path.Combine(pids, "pids.max"), processes.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (sets is null) return;
            Write(Path.Combine(sets, "cpuset.cpus"), processors);
            Write(Path.Combine(sets, "cpuset.mems"), nodes);
        }

        public void Abandon()
        {
            foreach (var directory in Directories) TryRemove(directory);
        }

        public override void Favour(bool favoured) => TryWrite(Path.Combine(shares ?? cpu, "cpu.shares"), favoured ? "1024" : "256");

        public override TimeSpan ReadCpu() => TimeSpan.FromTicks(ReadNumber(Path.Combine(cpu, "cpuacct.usage")) / TimeSpan.NanosecondsPerTick);

        public override void Pin(string processors)
        {
            if (sets is not null) TryWrite(Path.Combine(sets, "cpuset.cpus"), processors);
        }

        public override Usage Read() => new(
            ReadCpu(),
            ReadNumber(Path.Combine(memory, "memory.max_usage_in_bytes")),
            ReadKey(Path.Combine(memory, "memory.oom_control"), "oom_kill"),
            ReadKey(Path.Combine(pids, "pids.events"), "max"));
    }
}
