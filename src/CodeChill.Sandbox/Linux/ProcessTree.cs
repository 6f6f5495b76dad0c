using System.Globalization;

namespace CodeChill.Sandbox.Linux;

/// <summary>What is seen in /proc of a process and its descendants: the stand-in for control groups.</summary>
internal static class ProcessTree
{
    // The kernel reports times to user space in 1/100 s on every architecture .NET runs on.
    private const int TicksPerSecond = 100;

    internal readonly record struct Sample(TimeSpan Cpu, long MemoryBytes, int Processes);

    private readonly record struct Entry(int Parent, long CpuTicks, long Pages);

    /// <summary>CPU time (of the dead children of the living, too) and resident memory of the tree below a process, itself included.</summary>
    public static Sample Measure(int root)
    {
        var all = ReadAll();
        long ticks = 0, pages = 0;
        var count = 0;
        foreach (var pid in Descendants(all, root))
        {
            ticks += all[pid].CpuTicks;
            pages += all[pid].Pages;
            count++;
        }
        return new(TimeSpan.FromSeconds((double)ticks / TicksPerSecond), pages * Environment.SystemPageSize, count);
    }

    /// <summary>Kills a process and everything below it.</summary>
    public static void Kill(int root)
    {
        var all = ReadAll();
        foreach (var pid in Descendants(all, root).ToArray()) _ = Native.Kill(pid, Native.SigKill);
    }

    /// <summary>Kills every process of a user id.</summary>
    public static void KillUser(int uid)
    {
        foreach (var pid in ReadAll().Keys)
        {
            if (UserOf(pid) == uid) _ = Native.Kill(pid, Native.SigKill);
        }
    }

    private static int? UserOf(int pid)
    {
        try
        {
            // "Uid:\treal\teffective\tsaved\tfs"
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal));
            return line is null ? null : int.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Descendants(Dictionary<int, Entry> all, int root)
    {
        if (!all.ContainsKey(root)) yield break;
        var children = all.ToLookup(e => e.Value.Parent, e => e.Key);
        var queue = new Queue<int>([root]);
        while (queue.TryDequeue(out var pid))
        {
            yield return pid;
            foreach (var child in children[pid]) queue.Enqueue(child);
        }
    }

    private static Dictionary<int, Entry> ReadAll()
    {
        var all = new Dictionary<int, Entry>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            try
            {
                if (Parse(File.ReadAllText(directory + "/stat")) is { } entry) all[pid] = entry;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Ended while being read.
            }
        }
        return all;
    }

    /// <summary>proc(5): "pid (name) state ppid …"; the name may hold spaces and brackets, so fields count from the last bracket.</summary>
    private static Entry? Parse(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Counted from field 3 (state): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime, 24 rss.
        if (fields.Length < 22) return null;
        return new(int.Parse(fields[1], CultureInfo.InvariantCulture), Number(11) + Number(12) + Number(13) + Number(14), Number(21));

        long Number(int i) => long.Parse(fields[i], CultureInfo.InvariantCulture);
    }
}
