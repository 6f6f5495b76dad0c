using System.Globalization;

namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>
/// Version 2: one tree. A group that has processes cannot hand controllers to children, so at detection this process moves itself into a leaf
/// (<c>codechill-server</c>) of its own group and then enables memory and pids for the boxes beside it. That needs a delegated group:
/// systemd's <c>Delegate=yes</c>, or a container with a writable private cgroup mount.
/// </summary>
internal sealed class CgroupV2
{
    private const string Leaf = "codechill-server";

    private readonly string _parent;

    private CgroupV2(string parent, ProcessorShares? processors)
    {
        _parent = parent;
        Processors = processors;
    }

    /// <summary>Null when boxes cannot be kept to processors.</summary>
    public ProcessorShares? Processors { get; }

    public IReadOnlyList<string> Parents => [_parent];

    public static CgroupV2? Detect(string mounts, string self, out string why)
    {
        var mount = mounts.Split('\n').Select(l => l.Split(' ')).FirstOrDefault(f => f.Length > 3 && f[2] == "cgroup2")?[1];
        if (mount is null)
        {
            why = "no unified hierarchy is mounted";
            return null;
        }
        var own = self.Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
        // Started again inside the leaf (or by a child of it): the boxes' parent is one up.
        if (Path.GetFileName(own) == Leaf) own = Path.GetDirectoryName(own) ?? "/";
        var parent = Path.Join(mount, own);
        if (!Directory.Exists(parent)) parent = mount;
        return Adopt(parent, Environment.ProcessId, out why);
    }

    /// <summary>Makes a directory the boxes' parent. Apart so that it can be tested on any directory with the same files.</summary>
    internal static CgroupV2? Adopt(string parent, int pid, out string why)
    {
        try
        {
            var offered = Words(Path.Combine(parent, "cgroup.controllers"));
            if (!offered.Contains("memory") || !offered.Contains("pids"))
            {
                why = $"{parent} offers no memory and pids controllers";
                return null;
            }
            var enabled = Words(Path.Combine(parent, "cgroup.subtree_control"));
            if (!enabled.Contains("memory") || !enabled.Contains("pids"))
            {
                var leaf = Path.Combine(parent, Leaf);
                Directory.CreateDirectory(leaf);
                ControlGroup.Write(Path.Combine(leaf, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));
                // With cpu, sixty busy processes in one box weigh as much as one; with cpuset, busy boxes keep to processors of their own.
                var wanted = ((string[])["memory", "pids", "cpu", "cpuset"]).Where(offered.Contains);
                ControlGroup.Write(Path.Combine(parent, "cgroup.subtree_control"), string.Join(' ', wanted.Select(w => "+" + w)));
            }
            why = "";
            return new(parent, offered.Contains("cpuset") ? ProcessorShares.Of(Path.Combine(parent, "cpuset.cpus.effective")) : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = $"{parent} is not delegated to this process ({e.Message})";
            return null;
        }
    }

    public ControlGroup Create(string name, long memoryBytes, int processes)
    {
        var directory = Path.Combine(_parent, name);
        Directory.CreateDirectory(directory);
        try
        {
            ControlGroup.Write(Path.Combine(directory, "memory.max"), memoryBytes.ToString(CultureInfo.InvariantCulture));
            WriteIfThere(directory, "memory.swap.max", "0");
            // One kill ends the whole box: half a program is of no use, and it could go on without noticing.
            WriteIfThere(directory, "memory.oom.group", "1");
            ControlGroup.Write(Path.Combine(directory, "pids.max"), processes.ToString(CultureInfo.InvariantCulture));
            return new Group(directory);
        }
        catch
        {
            try
            {
                Directory.Delete(directory);
            }
            catch (IOException)
            {
                // The failure being thrown says more.
            }
            throw;
        }
    }

    private static void WriteIfThere(string directory, string file, string value)
    {
        var path = Path.Combine(directory, file);
        if (File.Exists(path)) ControlGroup.Write(path, value);
    }

    private static string[] Words(string file) => File.ReadAllText(file).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private sealed class Group(string directory) : ControlGroup
    {
        protected override IReadOnlyList<string> Directories { get; } = [directory];

        public override void Favour(bool favoured) => TryWrite(Path.Combine(directory, "cpu.weight"), favoured ? "100" : "25");

        public override TimeSpan ReadCpu() => TimeSpan.FromMicroseconds(ReadKey(Path.Combine(directory, "cpu.stat"), "usage_usec"));

        public override void Pin(string processors) => TryWrite(Path.Combine(directory, "cpuset.cpus"), processors);

        public override Usage Read() => new(
            ReadCpu(),
            ReadNumber(Path.Combine(directory, "memory.peak")),
            ReadKey(Path.Combine(directory, "memory.events"), "oom_kill"),
            ReadKey(Path.Combine(directory, "pids.events"), "max"));

        public override void Kill()
        {
            try
            {
                Write(Path.Combine(directory, "cgroup.kill"), "1");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                base.Kill(); // kernel before 5.14
            }
        }
    }
}
