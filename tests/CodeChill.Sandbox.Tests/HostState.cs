using System.Security.Cryptography;

namespace CodeChill.Sandbox.Tests;

/// <summary>What can be seen of runs from the host's side, and of an escape if there were one.</summary>
internal sealed record HostState(int Mounts, string Shm, string Files)
{
    private static readonly string[] s_prizes = ["/etc/passwd", "/etc/shadow", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/crontab", "/usr/bin/python3", "/usr/bin/bwrap", "/proc/sys/kernel/core_pattern"];

    public static HostState Take() => new(
        File.ReadAllLines("/proc/self/mountinfo").Length,
        string.Join('\n', File.ReadAllLines("/proc/sysvipc/shm").Length, File.ReadAllLines("/proc/sysvipc/msg").Length, File.ReadAllLines("/proc/sysvipc/sem").Length),
        string.Join('\n', s_prizes.Select(Digest)));

    public static string[] CommandLines() => [.. Pids().Select(p => Read($"/proc/{p}/cmdline"))];

    public static string[] ControlGroups(string stem) => Directory.Exists("/sys/fs/cgroup")
        ? [.. Directory.EnumerateDirectories("/sys/fs/cgroup", stem + "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })]
        : [];

    /// <summary>Processes of the user ids that only boxes of one runner have.</summary>
    public static string[] ProcessesOf(int firstUid, int count) => [.. Pids()
        .Where(p => Read($"/proc/{p}/status").Split('\n').FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal)) is { } line
            && int.Parse(line.Split('\t')[1]) is var uid && uid >= firstUid && uid < firstUid + count)
        .Select(p => $"{p} {Read($"/proc/{p}/cmdline").Replace('\0', ' ')}")];

    private static IEnumerable<string> Pids() => Directory.EnumerateDirectories("/proc").Select(d => Path.GetFileName(d)!).Where(n => int.TryParse(n, out _));

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Digest(string file)
    {
        try
        {
            return file + " " + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return file + " " + e.GetType().Name;
        }
    }
}
