using System.Diagnostics;
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

    /// <summary>
    /// Live processes of the user ids that only boxes of one runner have. A box's init outlives the process that was waited for by a moment and then
    /// waits, dead, for the machine's init to collect it; how soon that happens is that init's affair.
    /// </summary>
    public static string[] ProcessesOf(int firstUid, int count) => [.. Pids()
        .Where(p => Read($"/proc/{p}/status").Split('\n') is var lines && Field(lines, "Uid") is { } uid && int.Parse(uid) is var id && id >= firstUid && id < firstUid + count
            && Field(lines, "State") != "Z")
        .Select(p => $"{p} {Read($"/proc/{p}/cmdline").Replace('\0', ' ')}")];

    /// <summary>Guarantee S11: no process and no control group a second after.</summary>
    public static async Task NothingIsLeftAsync(string stem, int firstUid, int count)
    {
        var elapsed = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            string[] left = [.. ControlGroups(stem), .. Environment.IsPrivilegedProcess ? ProcessesOf(firstUid, count) : []];
            if (left.Length == 0) return;
            if (elapsed.Elapsed > TimeSpan.FromSeconds(1)) Assert.Fail("Left behind: " + string.Join("; ", left));
            await timer.WaitForNextTickAsync();
        }
    }

    private static string? Field(string[] lines, string name) =>
        lines.FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim().Split('\t', ' ')[0];

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
