namespace CodeChill.Sandbox.Linux.Cgroups;

/// <summary>What the kernel counted for one box.</summary>
internal readonly record struct Usage(TimeSpan Cpu, long PeakMemoryBytes, long OutOfMemoryKills, long RefusedForks);

/// <summary>Kernel-side limits and counters of one box. Created before it starts, removed after it is gone.</summary>
internal abstract class ControlGroup
{
    /// <summary>Puts a process, and what it will start, under the limits.</summary>
    public void Join(int pid)
    {
        foreach (var directory in Directories) Write(Path.Combine(directory, "cgroup.procs"), pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public abstract Usage Read();

    protected abstract IReadOnlyList<string> Directories { get; }

    /// <summary>The usual share of the processors, or a quarter of it; nothing where shares are not counted.</summary>
    public abstract void Favour(bool favoured);

    /// <summary>Processor time alone.</summary>
    public abstract TimeSpan ReadCpu();

    /// <summary>Nothing in the group runs anywhere but on these processors; nothing where that cannot be said.</summary>
    /// <param name="processors">In the kernel's notation: <c>0-1,3</c>.</param>
    public abstract void Pin(string processors);

    /// <summary>Kills whatever is left in the group.</summary>
    public virtual void Kill() => KillMembers(Directories);

    /// <summary>
    /// Removes the group. The box's init ends a moment after the process that was waited for, so the first tries may find it busy.
    /// False when something could not be removed.
    /// </summary>
    public async Task<bool> RemoveAsync()
    {
        // ~2 s in all: 1, 2, 4 … 256 ms, then 512 three times.
        for (var attempt = 0; attempt < 12; attempt++)
        {
            if (Directories.All(TryRemove)) return true;
            Kill();
            await Task.Delay(1 << Math.Min(attempt, 9));
        }
        return false;
    }

    /// <summary>Goes on trying for a minute: on a machine without time to spare a dead process stays a member until it is collected.</summary>
    public async Task RemoveLaterAsync()
    {
        for (var attempt = 0; attempt < 60; attempt++)
        {
            await Task.Delay(1000);
            Kill();
            if (Directories.All(TryRemove)) return;
        }
    }

    protected static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Writes what may be missing: the group is gone, or this is not ours to set, and it competes as an equal.</summary>
    protected static void TryWrite(string file, string value)
    {
        try
        {
            if (File.Exists(file)) Write(file, value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said.
        }
    }

    internal static void KillMembers(IReadOnlyList<string> directories)
    {
        foreach (var directory in directories)
        {
            foreach (var pid in Members(directory)) _ = Native.Kill(pid, Native.SigKill);
        }
    }

    private static IEnumerable<int> Members(string directory)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(Path.Combine(directory, "cgroup.procs"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }
        foreach (var line in lines)
        {
            // 0 is a process of another pid namespace: not ours to name, and kill(0) would mean our own group.
            if (int.TryParse(line, out var pid) && pid > 1 && pid != Environment.ProcessId) yield return pid;
        }
    }

    internal static void Write(string file, string value)
    {
        // Control files must be opened as they are: no create, no truncate.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(value));
    }

    protected static long ReadNumber(string file)
    {
        try
        {
            return long.TryParse(File.ReadAllText(file).AsSpan().Trim(), out var n) ? n : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>The number after a key in a file of "key number" lines.</summary>
    protected static long ReadKey(string file, string key)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                if (line.Length > key.Length && line[key.Length] == ' ' && line.StartsWith(key, StringComparison.Ordinal))
                {
                    return long.TryParse(line.AsSpan(key.Length + 1).Trim(), out var n) ? n : 0;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The group is gone, or this kernel does not count that: no evidence.
        }
        return 0;
    }
}
